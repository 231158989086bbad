"""Snapshots of a release on a cluster: one now, or a stream that follows every change."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from flaskship.engines.kubernetes.failures import ExpiredError
from flaskship.engines.kubernetes.gathering import Gatherer, Witness
from flaskship.engines.kubernetes.observing.observed import Observed, Target
from flaskship.engines.kubernetes.observing.snapshot import snapshot
from flaskship.engines.kubernetes.observing.wanted import wanted
from flaskship.engines.kubernetes.reflecting import Reflector, Source
from flaskship.engines.kubernetes.resources import SECRETS
from flaskship.model.errors import FlaskshipError
from flaskship.model.snapshot import Snapshot

AT_LEAST_EVERY = 1.0
TOGETHER_SECONDS = 0.05
"""Changes that come so close after each other are one snapshot."""
GIVE_UP_SECONDS = 300.0
RELEASE_SECONDS = 45.0

FindTarget = Callable[[], Awaitable[Target]]
Notes = Callable[[Observed], Awaitable[tuple[str, ...]]]
"""What is worth a line and the objects alone do not say."""


class Watcher:
    """Looks at one namespace of a cluster."""

    def __init__(
        self,
        source: Source,
        witness: Witness,
        namespace: str,
        *,
        notes: Notes | None = None,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._source = source
        self._witness = witness
        self._namespace = namespace
        self._notes = notes
        self._clock = clock
        self._jitter = jitter

    async def observe(self, find: FindTarget) -> Snapshot:
        """Return everything at one instant, from one list of every kind."""
        reflector = self._reflector(lambda: None)
        target = await find()
        await reflector.fill()
        return await self._take(reflector, Gatherer(self._witness, self._clock), target)

    async def follow(self, find: FindTarget) -> AsyncGenerator[Snapshot, None]:
        """Yield a snapshot now, after each change and at least once a second.

        The stream ends by itself when the cluster has not been seen for GIVE_UP_SECONDS.
        """
        wake = asyncio.Event()
        moved = asyncio.Event()
        reflector = self._reflector(wake.set)
        gatherer = Gatherer(self._witness, self._clock)
        target = await find()
        versions = await reflector.fill()
        tasks: list[asyncio.Task[None]] = []
        try:
            while True:
                wake.clear()
                if moved.is_set():
                    moved.clear()
                    target = await self._found_again(find, target, moved)
                yield await self._take(reflector, gatherer, target)
                if self._given_up(reflector):
                    return
                if not tasks:
                    # Whoever wanted one look has it; a watch goes on from the list, whenever it begins.
                    tasks.append(asyncio.create_task(reflector.run(versions)))
                    tasks.append(asyncio.create_task(self._heed_release(target.name, moved, wake)))
                await _until(wake, AT_LEAST_EVERY)
                await asyncio.sleep(TOGETHER_SECONDS)
                _raise_ended(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _reflector(self, changed: Callable[[], None]) -> Reflector:
        return Reflector(self._source, self._namespace, changed, clock=self._clock, jitter=self._jitter)

    async def _take(self, reflector: Reflector, gatherer: Gatherer, target: Target) -> Snapshot:
        observed = reflector.store.observed()
        evidence = await gatherer.gather(wanted(observed, target.applied_at))
        now, blind = self._clock(), reflector.contact.blind_since()
        if blind is None:
            seen = snapshot(target, observed, evidence, now)
            more = await self._notes(observed) if self._notes is not None else ()
            return replace(seen, notes=(*seen.notes, *more)) if more else seen
        return blinded(snapshot(target, observed, evidence, blind[0]), now, *blind)

    def _given_up(self, reflector: Reflector) -> bool:
        blind = reflector.contact.blind_since()
        return blind is not None and self._clock() - blind[0] >= GIVE_UP_SECONDS

    async def _found_again(self, find: FindTarget, target: Target, moved: asyncio.Event) -> Target:
        try:
            return await find()
        except FlaskshipError:
            moved.set()  # asked again with the next snapshot
            return replace(target, settled=False)

    async def _heed_release(self, name: str, moved: asyncio.Event, wake: asyncio.Event) -> None:
        """Tell when Helm has written a revision of the release, or changed the state of one."""
        labels, version, failures = f"owner=helm,name={name}", "", 0
        while True:
            try:
                if not version:
                    listed = await self._source.list(SECRETS, self._namespace, labels=labels)
                    version = listed.resource_version
                    _set(moved, wake)
                changes = self._source.watch(
                    SECRETS, self._namespace, version, labels=labels, seconds=RELEASE_SECONDS
                )
                async with aclosing(changes):
                    async for change in changes:
                        metadata = change.object.get("metadata") or {}
                        version = str(metadata.get("resourceVersion") or version)
                        if change.type != "BOOKMARK":
                            _set(moved, wake)
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


def _raise_ended(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error
