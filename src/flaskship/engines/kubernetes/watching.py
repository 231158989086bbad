"""Snapshots of a release on a cluster: one now, or a stream that follows every change."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from flaskship.engines.kubernetes.failures import ExpiredError
from flaskship.engines.kubernetes.gathering import Gatherer, Witness
from flaskship.engines.kubernetes.observing.observed import Observed, Target
from flaskship.engines.kubernetes.observing.snapshot import snapshot
from flaskship.engines.kubernetes.observing.wanted import wanted
from flaskship.engines.kubernetes.reflecting import Reflector, Source
from flaskship.engines.kubernetes.resources import SECRETS, Resource
from flaskship.model.errors import FlaskshipError
from flaskship.model.snapshot import Snapshot

AT_LEAST_EVERY = 1.0
TOGETHER_SECONDS = 0.02
"""Changes that come so close after each other are one snapshot."""
GIVE_UP_SECONDS = 300.0
RELEASE_SECONDS = 45.0

FindTarget = Callable[[], Awaitable[Target]]
Notes = Callable[[Observed], Awaitable[tuple[str, ...]]]
"""What is worth a line and the objects alone do not say."""


class Look:
    """A namespace as it is seen, and what keeps that in step until close; wake is set by every change."""

    def __init__(self, reflecting: Callable[[Callable[[], None]], Reflector], gatherer: Gatherer) -> None:
        self.wake, self.moved = asyncio.Event(), asyncio.Event()
        self.reflector = reflecting(self.wake.set)
        self.gatherer = gatherer
        self.watches: list[asyncio.Task[None]] = []

    @property
    def goes_on(self) -> bool:
        """Whether changes are watched, and none of the watches has ended."""
        return bool(self.watches) and not any(one.done() for one in self.watches)

    def insist(self) -> None:
        """Raise what ended a watch."""
        for task in self.watches:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def close(self) -> None:
        """Watch no more."""
        for task in self.watches:
            task.cancel()
        await asyncio.gather(*self.watches, return_exceptions=True)


class Watcher:
    """Looks at one namespace of a cluster.

    keeps: what follow watches is watched on after it until close, and the next follow begins with that in
    place of lists of its own. Not across a write of ours: a watch may be behind what was just written.
    """

    def __init__(
        self,
        source: Source,
        witness: Witness,
        namespace: str,
        *,
        notes: Notes | None = None,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        keeps: bool = False,
    ) -> None:
        self._source = source
        self._witness = witness
        self._namespace = namespace
        self._notes = notes
        self._clock = clock
        self._jitter = jitter
        self._keeps = keeps
        self._kept: Look | None = None

    async def observe(self, find: FindTarget) -> Snapshot:
        """Return everything at one instant, from one list of every kind."""
        look = self._look()
        target = await find()
        await look.reflector.fill()
        return await self._take(look, target)

    async def follow(self, find: FindTarget) -> AsyncGenerator[Snapshot, None]:
        """Yield a snapshot now, after each change and at least once a second.

        The stream ends by itself when the cluster has not been seen for GIVE_UP_SECONDS.
        """
        target = await find()
        versions: Mapping[Resource, str] = {}
        look = await self._take_up()
        if not look.watches:
            versions = await look.reflector.fill()
        try:
            while True:
                look.wake.clear()
                if look.moved.is_set():
                    look.moved.clear()
                    target = await self._found_again(find, target, look.moved)
                yield await self._take(look, target)
                if self._given_up(look):
                    return
                if not look.watches:
                    # Whoever wanted one look has it; a watch goes on from the list, whenever it begins.
                    look.watches.append(asyncio.create_task(look.reflector.run(versions)))
                    look.watches.append(asyncio.create_task(self._heed_release(target.name, look)))
                await _until(look.wake, AT_LEAST_EVERY)
                await asyncio.sleep(TOGETHER_SECONDS)
                look.insist()
        finally:
            if self._keeps and look.goes_on:
                self._kept = look
            else:
                await look.close()

    async def close(self) -> None:
        """Let go of what was kept."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()

    async def _take_up(self) -> Look:
        kept = self._kept
        if kept is not None and kept.goes_on:
            self._kept = None
            return kept
        await self.close()
        return self._look()

    def _look(self) -> Look:
        reflecting = partial(Reflector, self._source, self._namespace, clock=self._clock, jitter=self._jitter)
        return Look(reflecting, Gatherer(self._witness, self._clock))

    async def _take(self, look: Look, target: Target) -> Snapshot:
        observed = look.reflector.store.observed()
        evidence = await look.gatherer.gather(wanted(observed, target.applied_at))
        now, blind = self._clock(), look.reflector.contact.blind_since()
        if blind is None:
            seen = snapshot(target, observed, evidence, now)
            more = await self._notes(observed) if self._notes is not None else ()
            return replace(seen, notes=(*seen.notes, *more)) if more else seen
        return blinded(snapshot(target, observed, evidence, blind[0]), now, *blind)

    def _given_up(self, look: Look) -> bool:
        blind = look.reflector.contact.blind_since()
        return blind is not None and self._clock() - blind[0] >= GIVE_UP_SECONDS

    async def _found_again(self, find: FindTarget, target: Target, moved: asyncio.Event) -> Target:
        try:
            return await find()
        except FlaskshipError:
            moved.set()  # asked again with the next snapshot
            return replace(target, settled=False)

    async def _heed_release(self, name: str, look: Look) -> None:
        """Tell when Helm has written a revision of the release, or changed the state of one."""
        labels, version, failures = f"owner=helm,name={name}", "", 0
        while True:
            try:
                if not version:
                    listed = await self._source.list(SECRETS, self._namespace, labels=labels)
                    version = listed.resource_version
                    _set(look.moved, look.wake)
                changes = self._source.watch(
                    SECRETS, self._namespace, version, labels=labels, seconds=RELEASE_SECONDS
                )
                async with aclosing(changes):
                    async for change in changes:
                        metadata = change.object.get("metadata") or {}
                        version = str(metadata.get("resourceVersion") or version)
                        if change.type != "BOOKMARK":
                            _set(look.moved, look.wake)
                        failures = 0
            except ExpiredError:
                version = ""
            except FlaskshipError:
                version, failures = "", failures + 1
                await asyncio.sleep(min(8.0, 0.5 * 2**failures) * (0.5 + self._jitter()))


def blinded(taken: Snapshot, now: float, since: float, why: str) -> Snapshot:
    """Return what was last seen as what it is: nothing is complete, no deadline runs while nobody looks."""
    note = f"the cluster has not been seen for {max(0.0, now - since):.0f} s: {why}"
    workloads = tuple(replace(one, complete=False, progressed_at=now) for one in taken.workloads)
    return replace(taken, at=now, workloads=workloads, notes=(*taken.notes, note))


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _set(*events: asyncio.Event) -> None:
    for event in events:
        event.set()
