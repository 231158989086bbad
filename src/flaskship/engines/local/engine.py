"""The local engine as commands see it: every call goes to the project's supervisor."""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from flaskship.engines.base import Abort, Action, Ignored, Lock, Pause, Restart, Resume, Scale, Withdrawal
from flaskship.engines.local import daemon
from flaskship.engines.local.channel import ChannelClosed, Message
from flaskship.engines.local.ending import end_daemons
from flaskship.engines.local.live import as_steered
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.identity import identify
from flaskship.engines.local.resting import Resting
from flaskship.engines.local.rpc import Caller, RemoteError, revive
from flaskship.engines.local.silence import Listening
from flaskship.engines.local.version import code_version
from flaskship.model.errors import FlaskshipError, StateDamagedError, UnresponsiveError
from flaskship.model.release import Document, Event, LogLine, Release, Revision
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.model.verdict import Receipt, Verdict

ATTEMPTS = 5
REST_SECONDS = 1.0
ACTIONS: dict[type[Action], str] = {
    Restart: "restart",
    Scale: "scale",
    Pause: "pause",
    Resume: "resume",
    Abort: "abort",
}


class LocalEngine:
    """Runs releases as processes of this machine; a lost supervisor is started again and asked again."""

    name: ClassVar[str] = "local"
    local_images: ClassVar[bool] = True

    def __init__(self, project: Path) -> None:
        self._paths = LocalPaths(project)
        self._listening = Listening(self._paths)
        self._silent = False
        self._caller: Caller | None = None
        self._starting: asyncio.Future[None] | None = None
        self._locks: dict[str, str] = {}

    def begin(self) -> None:
        """Let a supervisor start where none runs; the next call waits for it and tells what is in its way."""
        if self._caller is None and self._starting is None and not daemon.answers(self._paths):
            loop = asyncio.get_running_loop()
            self._starting = loop.run_in_executor(None, daemon.start_supervisor, self._paths)

    def ignored(self, documents: Sequence[Document]) -> tuple[Ignored, ...]:
        """Return what it ignores of these objects, one entry for each reason."""
        from flaskship.engines.local.manifests.blind_spots import ignored_of

        return ignored_of(documents)

    def made_secrets(self, environment: str) -> tuple[str, ...]:
        """Return NAME/KEY of each Secret that it keeps; ConfigurationError where its file cannot be read."""
        from flaskship.engines.local.resolve.secret_file import load_secrets

        stored = load_secrets(self._paths.secrets(environment))
        return tuple(f"{name}/{key}" for name, keys in stored.items() for key in keys)

    async def acquire(self, environment: str, owner: str, timeout: float) -> Lock:
        """Return the environment's lock, waiting up to timeout seconds; LockedError names the holder."""
        me = identify(os.getpid())
        if me is None:
            raise FlaskshipError("this process cannot find itself in the process table")
        reply = await self._call(
            "acquire",
            environment=environment,
            owner=owner,
            timeout=timeout,
            # Ours, so that asking again after a supervisor's death finds the lock that it granted.
            token=secrets.token_hex(8),
            pid=me.pid,
            start_time=me.start_time,
            boot_id=me.boot_id,
        )
        self._locks[environment] = str(reply["token"])
        return Lock(environment, str(reply["token"]))

    async def release(self, lock: Lock) -> None:
        """Give the lock back; doing it twice is harmless."""
        if self._locks.pop(lock.environment, None) is not None and not self._silent:
            # (A silent supervisor frees it when it sees that this process is gone.)
            await self._call("release", environment=lock.environment, token=lock.token)

    async def withdraw(self, environment: str, wanted: Withdrawal) -> bool:
        """Ask whoever has the lock now, and tell whether anybody has it."""
        reply = await self._call("withdraw", environment=environment, wanted=msgspec.to_builtins(wanted))
        return bool(reply["asked"])

    async def withdrawn(self, lock: Lock) -> Withdrawal:
        """Return once somebody asks the holder of this lock, that is us."""
        with contextlib.suppress(FlaskshipError):
            stream = self._stream("withdrawn", environment=lock.environment, token=lock.token)
            async with contextlib.aclosing(stream) as replies:
                async for reply in replies:
                    return msgspec.convert(reply["wanted"], Withdrawal)
        # A supervisor that cannot be asked tells so to whoever watches beside.
        never: asyncio.Future[Withdrawal] = asyncio.get_running_loop().create_future()
        return await never

    async def apply(self, release: Release, lock: Lock) -> int:
        """Start moving to the release and return its revision number."""
        # The documents are all that runs here; the values behind them would only lie in the state.
        reply = await self._call(
            "apply",
            release=msgspec.to_builtins(replace(release, chart=None)),
            token=lock.token,
            key=secrets.token_hex(16),
        )
        return int(reply["revision"])

    async def conclude(
        self, environment: str, revision: int, verdict: Verdict, receipt: Receipt | None, lock: Lock
    ) -> None:
        """Record what the revision came to."""
        await self._call(
            "conclude",
            environment=environment,
            revision=revision,
            verdict=msgspec.to_builtins(verdict),
            receipt=msgspec.to_builtins(receipt),
            token=lock.token,
        )

    async def observe(self, environment: str) -> Snapshot:
        """Return everything at one instant; an environment never applied has no release."""
        async with self._resting() as resting:
            if resting.quiet:
                return resting.observe(environment, time.time())
        reply = await self._call("observe", environment=environment)
        return msgspec.convert(reply["snapshot"], Snapshot)

    def recorded(self, environment: str) -> Snapshot:
        """Return what the state file says, without asking anybody: of use when the supervisor is silent."""
        with Resting(self._paths) as resting:
            return resting.recorded(environment, time.time())

    async def follow(self, environment: str) -> AsyncIterator[Snapshot]:
        """Yield a snapshot now and after every change, at least once a second, until the caller stops."""
        stream = self._stream("follow", rests=True, environment=environment)
        async with contextlib.aclosing(stream) as replies:
            async for reply in replies:
                if reply:
                    yield msgspec.convert(reply["snapshot"], Snapshot)
                else:
                    with Resting(self._paths) as resting:
                        yield resting.observe(environment, time.time())

    async def live(self, environment: str, documents: Iterable[Document]) -> tuple[Document, ...]:
        """Return those of the documents' objects that exist, as commands have steered them since."""
        snapshot = await self.observe(environment)
        if snapshot.release is None or snapshot.phase is Phase.STOPPED:
            return ()
        release = await self.recall(environment, snapshot.release.revision)
        return as_steered(release.documents, snapshot, documents)

    async def steer(self, environment: str, workload: str, action: Action, lock: Lock | None) -> None:
        """Carry the action out on one workload, or start to; pause and resume need no lock."""
        described: dict[str, Any] = {"kind": ACTIONS[type(action)]}
        if isinstance(action, Scale):
            described["replicas"] = action.replicas
        await self._call(
            "steer",
            environment=environment,
            workload=workload,
            action=described,
            token=lock.token if lock is not None else "",
        )

    async def logs(
        self, environment: str, application: str | None, *, follow: bool = False, tail: int = 100
    ) -> AsyncIterator[LogLine]:
        """Yield the last lines of all replicas, then with follow the new ones across restarts."""
        async with self._resting() as resting:
            if resting.quiet:
                return
        stream = self._stream(
            "logs", rests=follow, environment=environment, application=application, follow=follow, tail=tail
        )
        async with contextlib.aclosing(stream) as replies:
            async for reply in replies:
                if reply:
                    yield msgspec.convert(reply["line"], LogLine)

    async def events(self, environment: str) -> tuple[Event, ...]:
        """Return what happened, oldest first."""
        async with self._resting() as resting:
            if resting.quiet:
                return resting.events(environment)
        reply = await self._call("events", environment=environment)
        return msgspec.convert(reply["events"], tuple[Event, ...])

    async def history(self, environment: str) -> tuple[Revision, ...]:
        """Return the revisions, oldest first."""
        async with self._resting() as resting:
            if resting.quiet:
                return resting.history(environment)
        reply = await self._call("history", environment=environment)
        return msgspec.convert(reply["revisions"], tuple[Revision, ...])

    async def recall(self, environment: str, revision: int) -> Release:
        """Return the release that a revision applied, exactly."""
        reply = await self._call("recall", environment=environment, revision=revision)
        return msgspec.convert(reply["release"], Release)

    async def delete(self, environment: str, lock: Lock, *, purge: bool = False) -> None:
        """Stop everything of the environment; data stays unless purge."""
        await self._call("delete", environment=environment, token=lock.token, purge=purge)

    async def environments(self) -> dict[str, bool]:
        """Return every environment that has run here, and whether it is meant to run now."""
        async with self._resting() as resting:
            if resting.quiet:
                return resting.environments()
        reply = await self._call("environments")
        return {str(name): bool(running) for name, running in reply["environments"].items()}

    async def shutdown(self) -> str:
        """Let the supervisor, the router and the spawner end, and see them gone; return what keeps them."""
        # The supervisor waits for whoever has a lock: here that must not be we ourselves.
        await self.close()
        return await end_daemons(self._paths, self._listening)

    async def close(self) -> None:
        """Let go of the connection; what runs goes on."""
        if self._starting is not None:
            starting, self._starting = self._starting, None
            await asyncio.gather(starting, return_exceptions=True)
        if self._caller is not None:
            await self._caller.close()
            self._caller = None

    @contextlib.asynccontextmanager
    async def _resting(self) -> AsyncIterator[Resting]:
        try:
            resting = Resting(self._paths)
        except StateDamagedError as damage:
            await self._set_aside(damage)
            raise
        with resting:
            yield resting

    async def _quiet(self) -> bool:
        async with self._resting() as resting:
            return resting.quiet

    async def _set_aside(self, damage: StateDamagedError) -> None:
        """Let a new supervisor keep the damaged state file aside, which raises what it says of it.

        One that holds the file open makes room first, unless somebody has it change an environment.
        """
        if self._locks:
            return
        await self.close()
        with contextlib.suppress(OSError, ChannelClosed):
            caller = await Caller.connect(str(self._paths.socket("supervisor")))
            try:
                await self._hello(caller)
                busy = (await caller.call("retire")).get("busy")
                if busy:
                    raise StateDamagedError(damage.message, hint=f"{busy} is at work: try again after that.")
                await caller.closed.wait()
            finally:
                await caller.close()
        await asyncio.to_thread(daemon.start_supervisor, self._paths)

    async def _call(self, kind: str, **payload: Any) -> Message:
        """Ask, and ask again when the supervisor was lost meanwhile: every request may be repeated."""
        for attempt in range(ATTEMPTS):
            caller = await self._connected()
            try:
                async with self._attended(caller):
                    return await caller.call(kind, **payload)
            except RemoteError as error:
                raise await self._refused(error) from None
            except ChannelClosed:
                await self._lost(attempt)
        raise FlaskshipError("the supervisor went away again and again", hint=self._hint())

    async def _refused(self, error: RemoteError) -> FlaskshipError:
        refusal = revive(error.error)
        if isinstance(refusal, StateDamagedError):
            await self._set_aside(refusal)
        return refusal

    async def _stream(
        self, kind: str, *, rests: bool = False, **payload: Any
    ) -> AsyncGenerator[Message, None]:
        for attempt in range(ATTEMPTS):
            # Who only looks on wakes no supervisor where nothing runs: `down --all` has ended it.
            while rests and self._caller is None and await self._quiet():
                yield {}
                await asyncio.sleep(REST_SECONDS)
            caller = await self._connected()
            try:
                async with contextlib.aclosing(caller.stream(kind, **payload)) as replies:
                    while True:
                        # Around each reply alone: what is done with it is not the supervisor's time.
                        async with self._attended(caller):
                            reply = await anext(replies, None)
                        if reply is None:
                            return
                        yield reply
            except RemoteError as error:
                raise revive(error.error) from None
            except ChannelClosed:
                await self._lost(attempt)
        raise FlaskshipError("the supervisor went away again and again", hint=self._hint())

    async def _connected(self) -> Caller:
        if self._caller is not None:
            return self._caller
        if self._starting is not None:
            starting, self._starting = self._starting, None
            await starting
        path = str(self._paths.socket("supervisor"))
        try:
            caller = await self._current(await Caller.connect(path))
        except (OSError, ChannelClosed):
            await asyncio.to_thread(daemon.start_supervisor, self._paths)
            caller = await Caller.connect(path)
        self._caller = caller
        for environment, token in self._locks.items():
            with contextlib.suppress(RemoteError):
                await caller.call("resume", environment=environment, token=token)
        return caller

    async def _current(self, caller: Caller) -> Caller:
        """Return the connection, or ChannelClosed once a supervisor of older code has made room."""
        hello = await self._hello(caller)
        if hello.get("version") == code_version() or self._locks:
            return caller
        if (await caller.call("retire")).get("busy"):
            return caller
        await caller.closed.wait()
        await caller.close()
        raise ChannelClosed("a supervisor of older code has retired")

    async def _hello(self, caller: Caller) -> Message:
        try:
            return await self._listening.hello(caller)
        except UnresponsiveError:
            self._silent = True
            await caller.close()
            raise

    @contextlib.asynccontextmanager
    async def _attended(self, caller: Caller) -> AsyncIterator[None]:
        try:
            async with self._listening.attended(caller):
                yield
        except UnresponsiveError:
            self._silent = True
            await self.close()
            raise

    async def _lost(self, attempt: int) -> None:
        await self.close()
        await asyncio.sleep(0.05 * attempt)

    def _hint(self) -> str:
        return f"Its log: {self._paths.log('supervisor')}"
