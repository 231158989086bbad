"""Being the one writer of an environment: a Lease that says who and since when, and ends with its holder."""

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from flaskship.engines.base import Lock, Withdrawal
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ConflictError, NotFoundError
from flaskship.engines.kubernetes.holder import is_gone, me
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import LEASES
from flaskship.engines.kubernetes.storage import seconds
from flaskship.engines.kubernetes.transport import Object
from flaskship.model.errors import FlaskshipError, LockedError

DURATION = 15
RENEWAL = 5.0
LOOK = 1.0
AGAIN = 0.1
"""After a write that somebody else's came before."""
OWNER = "flaskship.dev/owner"
PROCESS = "flaskship.dev/process"
WANTED = "flaskship.dev/withdrawal"
"""What another command asks of the holder whose token it names."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A Lease as it was first seen unchanged; a holder that does not renew it in time is gone."""

    holder: str
    renewed: str
    at: float


@dataclass
class Held:
    """A lock that this process has: what renews it and looks at it, and what it comes to hear."""

    renewal: "asyncio.Task[None]"
    lost: "asyncio.Future[LockedError]"
    wanted: "asyncio.Future[Withdrawal]"
    environment: str
    inherited: bool
    """Whether its holder before never gave it back."""
    looking: "asyncio.Task[None] | None" = None

    async def end(self) -> None:
        """Stop renewing and looking."""
        tasks = [one for one in (self.renewal, self.looking) if one is not None]
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Leases:
    """The locks that this process holds; each is renewed until it is given back."""

    def __init__(
        self,
        cluster: Cluster,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._sleep = sleep
        self._held: dict[str, Held] = {}

    async def acquire(self, place: Place, owner: str, timeout: float) -> Lock:
        """Take the Lease, or wait up to timeout seconds for it; LockedError says who has it, since when."""
        token = secrets.token_hex(8)
        until = self._clock() + timeout
        seen: Seen | None = None
        while True:
            lease = await self._cluster.find(LEASES, name_of(place), place.namespace)
            seen = _look(lease, seen, self._clock())
            if _is_free(lease, seen, self._clock(), self._cluster.now()) and await self._take(
                place, lease, owner, token
            ):
                renewal, loop = asyncio.ensure_future(self._renew(place, token)), asyncio.get_running_loop()
                inherited = lease is not None and bool(_holder(lease))
                lost, wanted = loop.create_future(), loop.create_future()
                self._held[token] = Held(renewal, lost, wanted, place.environment, inherited)
                return Lock(place.environment, token)
            if self._clock() >= until:
                raise _held(place, lease, self._cluster.context)
            await self._sleep(min(LOOK, max(until - self._clock(), 0.05)))

    async def release(self, place: Place, lock: Lock) -> None:
        """Give the Lease back; it stays as an empty one. Twice is harmless."""
        held = self._held.pop(lock.token, None)
        if held is None:
            return
        await held.end()
        with contextlib.suppress(NotFoundError, ConflictError):
            lease = await self._cluster.get(LEASES, name_of(place), place.namespace)
            if _holder(lease) == lock.token:
                lease["spec"] = {**lease["spec"], "holderIdentity": ""}
                await self._cluster.replace(LEASES, lease, place.namespace)

    def is_inherited(self, lock: Lock) -> bool:
        """Tell whether a lock that this process holds was taken over from somebody who is gone."""
        return lock.token in self._held and self._held[lock.token].inherited

    def holds(self, place: Place) -> bool:
        """Tell whether this process has the environment's lock, by what it knows; nothing is asked."""
        return any(one.environment == place.environment for one in self._held.values())

    async def is_held(self, place: Place) -> bool:
        """Tell whether somebody has it who is not known to be gone; nothing is changed."""
        lease = await self._cluster.find(LEASES, name_of(place), place.namespace)
        seen = _look(lease, None, self._clock())
        return not _is_free(lease, seen, self._clock(), self._cluster.now())

    async def withdraw(self, place: Place, wanted: Withdrawal) -> bool:
        """Write on the Lease that its holder shall give up; False where nobody holds it."""
        while True:
            lease = await self._cluster.find(LEASES, name_of(place), place.namespace)
            if lease is None or not _holder(lease):
                return False
            asked = json.dumps({"token": _holder(lease), **asdict(wanted)})
            metadata = lease["metadata"]
            metadata["annotations"] = {**(metadata.get("annotations") or {}), WANTED: asked}
            # Replaced, as it is renewed, and not patched: whoever may have the lock may ask for it.
            with contextlib.suppress(ConflictError):
                await self._cluster.replace(LEASES, lease, place.namespace)
                return True
            await self._sleep(AGAIN)

    async def withdrawn(self, place: Place, lock: Lock) -> Withdrawal:
        """Return once the Lease says that this holder shall give up."""
        return await asyncio.shield(self._looked_at(place, lock).wanted)

    async def lost(self, place: Place, lock: Lock) -> LockedError:
        """Return once the Lease is not this holder's any more: who has it."""
        return await asyncio.shield(self._looked_at(place, lock).lost)

    async def check(self, place: Place, lock: Lock) -> None:
        """Raise LockedError unless the lock is this environment's and still held."""
        if lock.environment == place.environment and lock.token in self._held:
            lease = await self._cluster.find(LEASES, name_of(place), place.namespace)
            if lease is not None and _holder(lease) == lock.token:
                return
            raise _lost(place, lease)
        raise LockedError(f"{place.environment} is not locked by this writer")

    async def close(self) -> None:
        """Stop renewing; what was not given back expires by itself."""
        await asyncio.gather(*(one.end() for one in self._held.values()))
        self._held.clear()

    def _looked_at(self, place: Place, lock: Lock) -> Held:
        held = self._held.get(lock.token)
        if held is None:
            raise LockedError(f"{place.environment} is not locked by this writer")
        if held.looking is None:
            held.looking = asyncio.ensure_future(self._look(place, lock.token, held))
        return held

    async def _look(self, place: Place, token: str, held: Held) -> None:
        while True:
            # A server that does not answer says nothing of who has it.
            with contextlib.suppress(FlaskshipError):
                lease = await self._cluster.find(LEASES, name_of(place), place.namespace)
                if lease is None or _holder(lease) != token:
                    held.lost.set_result(_lost(place, lease))
                    return
                wanted = _wanted(lease, token)
                if wanted is not None and not held.wanted.done():
                    held.wanted.set_result(wanted)
            await self._sleep(LOOK)

    async def _take(self, place: Place, lease: Object | None, owner: str, token: str) -> bool:
        now = _time(self._cluster.now())
        spec = {
            "holderIdentity": token,
            "leaseDurationSeconds": DURATION,
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": 0,
        }
        annotations = {OWNER: f"{owner} on {socket.gethostname()}", PROCESS: me()}
        metadata: Object = {"name": name_of(place), "annotations": annotations}
        try:
            if lease is None:
                body = {"apiVersion": LEASES.api_version, "kind": LEASES.kind}
                await self._cluster.create(
                    LEASES, {**body, "metadata": metadata, "spec": spec}, place.namespace
                )
            else:
                spec["leaseTransitions"] = int((lease.get("spec") or {}).get("leaseTransitions") or 0) + 1
                metadata["resourceVersion"] = lease["metadata"]["resourceVersion"]
                await self._cluster.replace(
                    LEASES, {**lease, "metadata": metadata, "spec": spec}, place.namespace
                )
        except ConflictError:
            return False  # somebody was faster
        return True

    async def _renew(self, place: Place, token: str) -> None:
        while True:
            await self._sleep(RENEWAL)
            # A renewal that fails is tried again; one that comes too late finds another holder.
            with contextlib.suppress(FlaskshipError):
                lease = await self._cluster.get(LEASES, name_of(place), place.namespace)
                if _holder(lease) != token:
                    return
                lease["spec"] = {**lease["spec"], "renewTime": _time(self._cluster.now())}
                await self._cluster.replace(LEASES, lease, place.namespace)


def name_of(place: Place) -> str:
    """Return the name of an environment's Lease."""
    return f"flaskship-{place.release}"


def _look(lease: Object | None, before: Seen | None, now: float) -> Seen | None:
    if lease is None:
        return None
    renewed = str((lease.get("spec") or {}).get("renewTime"))
    if before is not None and (before.holder, before.renewed) == (_holder(lease), renewed):
        return before
    return Seen(_holder(lease), renewed, now)


def _is_free(lease: Object | None, seen: Seen | None, now: float, server_now: float) -> bool:
    if lease is None or seen is None or not _holder(lease):
        return True
    process = (lease["metadata"].get("annotations") or {}).get(PROCESS) or ""
    if is_gone(process):
        return True
    duration = float((lease.get("spec") or {}).get("leaseDurationSeconds") or DURATION)
    # By the server's clock where it is long past; else by our own, which saw nothing move for all its time.
    return server_now - seconds(seen.renewed) > duration or now - seen.at > duration


def _holder(lease: Object) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def _wanted(lease: Object | None, token: str) -> Withdrawal | None:
    written = ((lease or {}).get("metadata", {}).get("annotations") or {}).get(WANTED)
    try:
        asked = json.loads(written or "null")
        if asked["token"] != token:
            return None  # it was asked of a holder before
        return Withdrawal(str(asked["actor"]), str(asked["reason"]), str(asked["application"]))
    except (ValueError, KeyError, TypeError):
        return None


def _lost(place: Place, lease: Object | None) -> LockedError:
    who = _owner(lease) if lease is not None else "nobody: its Lease was deleted"
    return LockedError(
        f"{place.environment} is not locked by this writer any more: its lock was lost and is now that of "
        f"{who}",
        hint="what this command had applied is left to them: "
        f"{place.command('history')} tells what came since; then try again",
    )


def _owner(lease: Object | None) -> str:
    owner = ((lease or {}).get("metadata", {}).get("annotations") or {}).get(OWNER) or "somebody"
    since = ((lease or {}).get("spec") or {}).get("acquireTime") or ""
    return f"{owner} since {datetime.fromtimestamp(seconds(since), UTC):%H:%M:%S} UTC" if since else owner


def _held(place: Place, lease: Object | None, context: str) -> LockedError:
    return LockedError(
        f"{place.environment} is being written to by {_owner(lease)}",
        hint="wait for it, or raise --lock-timeout; a writer that was killed is let go after "
        f"{DURATION} s (Lease {name_of(place)} in {place.namespace} of {context})",
    )


def _time(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
