"""The lines of every replica of a release, merged by the time at which each was written."""

import asyncio
import heapq
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from flaskship.engines.kubernetes.failures import ForbiddenError, RefusedError
from flaskship.engines.kubernetes.observing.exits import runs
from flaskship.engines.kubernetes.observing.observed import Observed
from flaskship.engines.kubernetes.observing.ownership import Family, application, belongs
from flaskship.engines.kubernetes.observing.pods import ContainerStatus, Pod
from flaskship.engines.kubernetes.observing.workloads import (
    DaemonSet,
    Deployment,
    Job,
    Rollout,
    StatefulSet,
)
from flaskship.engines.kubernetes.reflecting import DAEMON_SETS, Reflector
from flaskship.engines.kubernetes.reflecting import Source as Listing
from flaskship.engines.kubernetes.resources import (
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    ROLLOUTS,
    STATEFUL_SETS,
)
from flaskship.model.release import LogLine

NEEDED = (DEPLOYMENTS, REPLICA_SETS, PODS)
USEFUL = (ROLLOUTS, STATEFUL_SETS, DAEMON_SETS, JOBS)
QUEUED = 1000
"""Lines that wait for the reader: beyond that the streams wait, too."""
AT_ONCE = 8
AGAIN_SECONDS = 1.0


class Source(Listing, Protocol):
    """What a cluster must do so that its logs can be read."""

    def logs(
        self,
        pod: str,
        namespace: str,
        *,
        container: str = "",
        follow: bool = False,
        tail: int | None = None,
        since: str = "",
        previous: bool = False,
        timestamps: bool = False,
    ) -> AsyncGenerator[str, None]:
        """Yield lines of a container."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """One container of one pod."""

    application: str
    pod: str
    uid: str
    container: str
    replica: str
    """As it is shown: the pod, with the container where it is not the application's own."""

    def line(self, stamped: str) -> tuple[str, LogLine]:
        """Return the time as it was written, and the line."""
        stamp, _, text = stamped.partition(" ")
        return stamp, LogLine(self.application, self.replica, text, _unix(stamp))


class LogStream:
    """Reads the logs of one release in one namespace."""

    def __init__(
        self,
        source: Source,
        namespace: str,
        release: str,
        *,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._source = source
        self._namespace = namespace
        self._release = release
        self._clock = clock
        self._wake = asyncio.Event()
        self._reflector = Reflector(
            source,
            namespace,
            self._wake.set,
            clock=clock,
            jitter=jitter,
            needed=NEEDED,
            useful=USEFUL,
        )
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def read(self, wanted: str | None, *, tail: int, follow: bool) -> AsyncGenerator[LogLine, None]:
        """Yield the last lines of each container by time; with follow the new ones, of new replicas too."""
        versions = await self._reflector.fill()
        started = [
            voice for voice, status in voices(self._observed(), self._release, wanted) if has_run(status)
        ]
        logs = await asyncio.gather(*(self._last(voice, tail) for voice in started))
        begun = _stamp(self._clock())
        # One that wrote nothing so far has nothing to repeat; of one that was not asked nothing is told.
        nothing = begun if tail == 0 else ""
        stamps = {
            voice: lines[-1][0] if lines else nothing for voice, lines in zip(started, logs, strict=True)
        }
        for _, line in heapq.merge(*logs, key=lambda pair: pair[1].at):
            yield line
        if not follow:
            return
        queue: asyncio.Queue[LogLine] = asyncio.Queue(QUEUED)
        tasks = [
            asyncio.create_task(self._reflector.run(versions)),
            asyncio.create_task(self._listen(wanted, stamps, queue)),
        ]
        try:
            while True:
                yield await queue.get()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _observed(self) -> Observed:
        return self._reflector.store.observed()

    async def _last(self, voice: Voice, tail: int) -> list[tuple[str, LogLine]]:
        async with self._slots:
            stream = self._source.logs(
                voice.pod, self._namespace, container=voice.container, tail=tail, timestamps=True
            )
            try:
                return [voice.line(one) async for one in stream]
            except ForbiddenError:
                raise  # or whoever may not read them is told that there are none
            except RefusedError:
                return []  # gone meanwhile, or not started after all

    async def _listen(
        self,
        wanted: str | None,
        stamps: dict[Voice, str],
        queue: "asyncio.Queue[LogLine]",
    ) -> None:
        """Give every container that has started a listener of its own, for as long as its pod is there."""
        listeners: dict[Voice, asyncio.Task[None]] = {}
        try:
            while True:
                self._wake.clear()
                now = {
                    voice: status
                    for voice, status in voices(self._observed(), self._release, wanted)
                    if has_run(status)
                }
                for voice in now:
                    if voice not in listeners:
                        listeners[voice] = asyncio.create_task(
                            self._follow(voice, stamps.get(voice, ""), queue)
                        )
                for voice in [one for one in listeners if one not in now and listeners[one].done()]:
                    del listeners[voice]
                await self._wake.wait()
        finally:
            for task in listeners.values():
                task.cancel()
            await asyncio.gather(*listeners.values(), return_exceptions=True)

    async def _follow(self, voice: Voice, since: str, queue: "asyncio.Queue[LogLine]") -> None:
        while True:
            run = self._run(voice)
            stream = self._source.logs(
                voice.pod,
                self._namespace,
                container=voice.container,
                follow=True,
                since=since,
                timestamps=True,
            )
            with suppress(RefusedError):
                async with aclosing(stream):
                    async for one in stream:
                        stamp, line = voice.line(one)
                        # A cluster takes the time in whole seconds, and tells what is known once more.
                        if stamp > since:
                            since = stamp
                            await queue.put(line)
            if not await self._again(voice, run):
                return

    async def _again(self, voice: Voice, run: int) -> bool:
        """Wait until the container runs again, or its connection broke; False once its pod is gone."""
        await asyncio.sleep(AGAIN_SECONDS)
        while (status := self._status(voice)) is not None:
            if status.state.running is not None or status.restart_count > run:
                return True
            await asyncio.sleep(AGAIN_SECONDS)
        return False

    def _run(self, voice: Voice) -> int:
        status = self._status(voice)
        return status.restart_count if status is not None else 0

    def _status(self, voice: Voice) -> ContainerStatus | None:
        for pod in self._observed().pods:
            if pod.metadata.uid == voice.uid:
                return next((one for _, _, one in runs(pod) if one.name == voice.container), None)
        return None


def voices(observed: Observed, release: str, wanted: str | None) -> Iterator[tuple[Voice, ContainerStatus]]:
    """Yield every container of the release's pods; wanted is an application or a workload."""
    workloads: tuple[Deployment | Rollout | StatefulSet | DaemonSet | Job, ...] = (
        *observed.deployments,
        *observed.rollouts,
        *observed.stateful_sets,
        *observed.daemon_sets,
        *observed.jobs,
    )
    for workload in workloads:
        meta = workload.metadata
        if not belongs(meta, release) or wanted not in (None, application(meta), meta.name):
            continue
        for pod in Family.of(meta.uid, observed).pods:
            for _, _, status in runs(pod):
                yield _voice(application(meta), pod, status.name), status


def has_run(status: ContainerStatus) -> bool:
    """Tell whether there is anything to read."""
    return bool(status.container_id) or status.restart_count > 0


def _voice(name: str, pod: Pod, container: str) -> Voice:
    main = bool(pod.spec.containers) and pod.spec.containers[0].name == container
    shown = pod.metadata.name if main else f"{pod.metadata.name}/{container}"
    return Voice(name, pod.metadata.name, pod.metadata.uid, container, shown)


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000000Z")


def _unix(stamp: str) -> float:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return 0.0


async def read_logs(
    source: Source, namespace: str, release: str, wanted: str | None, *, tail: int, follow: bool
) -> AsyncGenerator[LogLine, None]:
    """Yield the lines of a release; an application that it does not have has none."""
    stream = LogStream(source, namespace, release)
    async with aclosing(stream.read(wanted, tail=tail, follow=follow)) as lines:
        async for line in lines:
            yield line
