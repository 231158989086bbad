"""An engine in memory: true revisions, locks, outcomes and rollouts, and a clock that only it moves."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from typing import ClassVar

from tests.contract.fake_state import Clock, FakeEnvironment, FakeReplica, FakeState, FakeWorkload
from tests.contract.fake_view import endpoints, images_by_application, overall, phase_of, release_state

from flaskship.engines.base import Abort, Action, Lock, Pause, Restart, Resume, Scale
from flaskship.model.errors import ConfigurationError, LockedError, PausedError
from flaskship.model.release import Document, Event, LogLine, Release, Revision
from flaskship.model.snapshot import (
    Exit,
    ProbeFailure,
    ReplicaPhase,
    ReplicaSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from flaskship.model.verdict import Receipt, Verdict

__all__ = ["Clock", "FakeCluster", "FakeEngine", "FakeState"]
STARTS_AFTER = 1.0
"""Seconds from a replica's creation to its readiness, or to its end where it cannot run."""
TICK = 0.5


class FakeEngine:
    """Speaks the engine protocol over a FakeState."""

    name: ClassVar[str] = "local"
    local_images: ClassVar[bool] = True

    def __init__(self, state: FakeState) -> None:
        self._state = state
        self._clock = state.clock
        self.closed = False

    async def acquire(self, environment: str, owner: str, timeout: float) -> Lock:
        until = self._clock() + timeout
        while environment in self._state.holders:
            if self._clock() >= until:
                holder = self._state.holders[environment][1]
                raise LockedError(
                    f"{environment} is being written to by {holder}",
                    hint="wait for it, or raise --lock-timeout",
                )
            await self._clock.sleep(TICK)
        lock = Lock(environment, f"token-{self._state.count()}")
        self._state.holders[environment] = (lock.token, owner)
        return lock

    async def release(self, lock: Lock) -> None:
        if self._state.holders.get(lock.environment, ("",))[0] == lock.token:
            del self._state.holders[lock.environment]

    async def apply(self, release: Release, lock: Lock) -> int:
        self._check(release.environment, lock)
        here = self._state.of(release.environment)
        documents = {
            str(one["metadata"]["name"]): one for one in release.documents if one["kind"] == "Deployment"
        }
        for held in [
            one.name
            for one in here.workloads.values()
            if one.paused
            and not (_pod(documents.get(one.name)) == _pod(one.document) and self._view(here, one).complete)
        ]:
            raise PausedError(
                f"Deployment/{held} is paused", hint=f"flaskship resume {release.environment} {held}"
            )
        number = here.revisions[-1].number + 1 if here.revisions else 1
        here.namespace, here.running = release.namespace, True
        here.revisions.append(
            Revision(number, self._clock(), release.provenance, images=images_by_application(release))
        )
        here.releases[number] = release
        wanted = {
            str(one["metadata"]["name"]): one for one in release.documents if one["kind"] == "Deployment"
        }
        for name in here.workloads.keys() - wanted.keys():
            del here.workloads[name]
        for name, document in wanted.items():
            self._want(here, name, document)
        self._happened(here, f"Release/{release.name}", "Applied", f"revision {number}")
        self._advance(here)
        return number

    async def conclude(
        self, environment: str, revision: int, verdict: Verdict, receipt: Receipt | None, lock: Lock
    ) -> None:
        self._check(environment, lock)
        here = self._state.of(environment)
        here.revisions = [
            replace(one, outcome=verdict.outcome, verdict=verdict, receipt=receipt)
            if one.number == revision
            else one
            for one in here.revisions
        ]

    async def observe(self, environment: str) -> Snapshot:
        here = self._state.of(environment)
        self._advance(here)
        workloads = tuple(self._view(here, one) for one in here.workloads.values()) if here.running else ()
        return Snapshot(
            environment=environment,
            engine=self.name,
            namespace=here.namespace,
            at=self._clock(),
            phase=overall(here.running, workloads),
            release=release_state(here),
            workloads=workloads,
        )

    async def follow(self, environment: str) -> AsyncIterator[Snapshot]:
        while True:
            yield await self.observe(environment)
            await self._clock.sleep(TICK)

    async def live(self, environment: str, documents: Iterable[Document]) -> tuple[Document, ...]:
        here = self._state.of(environment)
        wanted = {(str(one["kind"]), str(one["metadata"]["name"])) for one in documents}
        newest = here.releases[here.revisions[-1].number].documents if here.running else ()
        there = (one for one in (*newest, *self._state.strangers) if _identity(one) in wanted)
        return tuple(self._as_scaled(here, one) for one in there)

    def _as_scaled(self, here: FakeEnvironment, document: Document) -> Document:
        workload = here.workloads.get(str(document["metadata"]["name"]))
        if workload is None or document["kind"] != "Deployment" or "spec" not in document:
            return document
        return {**document, "spec": {**document["spec"], "replicas": workload.desired}}

    async def steer(self, environment: str, workload: str, action: Action, lock: Lock | None) -> None:
        if lock is not None or not isinstance(action, Pause | Resume):
            assert lock is not None
            self._check(environment, lock)
        here = self._state.of(environment)
        if workload not in here.workloads:
            raise ConfigurationError(f"{environment} has no workload {workload!r}")
        target = here.workloads[workload]
        if isinstance(action, Restart):
            target.generation += 1
            target.since = self._clock()
        elif isinstance(action, Scale):
            target.desired, target.since = action.replicas, self._clock()
        elif isinstance(action, Pause | Resume):
            target.paused = isinstance(action, Pause)
        elif isinstance(action, Abort):
            raise ConfigurationError("the fake engine knows rolling updates only, and those are undone")
        self._happened(here, f"Deployment/{workload}", type(action).__name__, str(action))
        self._advance(here)

    async def logs(
        self, environment: str, application: str | None, *, follow: bool = False, tail: int = 100
    ) -> AsyncIterator[LogLine]:
        here = self._state.of(environment)
        told = len(here.logs)
        for index, line in enumerate(here.logs):
            newer = sum(later.replica == line.replica for later in here.logs[index + 1 :])
            if newer < tail and application in (None, line.application):
                yield line
        while True:
            while told < len(here.logs):
                line = here.logs[told]
                told += 1
                if application in (None, line.application):
                    yield line
            if not follow:
                return
            await self._clock.sleep(TICK)

    async def events(self, environment: str) -> tuple[Event, ...]:
        return tuple(self._state.of(environment).events)

    async def history(self, environment: str) -> tuple[Revision, ...]:
        return tuple(self._state.of(environment).revisions)

    async def recall(self, environment: str, revision: int) -> Release:
        release = self._state.of(environment).releases.get(revision)
        if release is None:
            raise ConfigurationError(f"{environment} has no revision {revision}")
        return release

    async def delete(self, environment: str, lock: Lock, *, purge: bool = False) -> None:
        self._check(environment, lock)
        here = self._state.of(environment)
        if here.running:
            self._happened(here, f"Environment/{environment}", "Stopped", "everything of it was stopped")
        here.running = False
        here.workloads.clear()
        here.purged += purge

    async def shutdown(self) -> str:
        self._state.shut_down += 1
        return ""

    async def close(self) -> None:
        self.closed = True

    def _check(self, environment: str, lock: Lock) -> None:
        if self._state.holders.get(environment, ("",))[0] != lock.token or lock.environment != environment:
            raise LockedError(f"{environment} is not locked by this writer")

    def _want(self, here: FakeEnvironment, name: str, document: Document) -> None:
        desired = int(document["spec"].get("replicas", 1))
        old = here.workloads.get(name)
        if old is None:
            here.workloads[name] = FakeWorkload(document, desired, self._clock())
            return
        before = old.template
        old.document, old.desired = document, desired
        if old.template != before:
            old.since = self._clock()

    def _advance(self, here: FakeEnvironment) -> None:
        if not here.running:
            return
        for workload in here.workloads.values():
            current = [one for one in workload.replicas if one.template == workload.template]
            if workload.paused:
                continue
            while len(current) < workload.desired:
                current.append(self._start(here, workload))
            ready = [one for one in current if self._is_ready(one)]
            if len(ready) >= workload.desired:
                workload.replicas = ready[: workload.desired]
            else:
                workload.replicas = [one for one in workload.replicas if one not in current] + current

    def _start(self, here: FakeEnvironment, workload: FakeWorkload) -> FakeReplica:
        number = self._state.count()
        name = f"{workload.name}-{workload.template[:5]}-{number}"
        pod = workload.document["spec"]["template"]
        here.logs.append(LogLine(workload.name, name, f"{workload.name} starts", self._clock()))
        return FakeReplica(name, f"uid-{number}", workload.template, pod, self._clock(), 4000 + number)

    def _is_ready(self, replica: FakeReplica) -> bool:
        lived = self._clock() - replica.created_at >= STARTS_AFTER
        return lived and not replica.failing() and not replica.silent()

    def _happened(self, here: FakeEnvironment, what: str, reason: str, message: str) -> None:
        here.events.append(Event(self._clock(), what, reason, message))

    def _view(self, here: FakeEnvironment, workload: FakeWorkload) -> WorkloadSnapshot:
        replicas = tuple(self._view_replica(workload, one) for one in workload.replicas)
        ready = sum(one.ready for one in replicas)
        updated = sum(one.current for one in replicas)
        complete = len(replicas) == workload.desired and all(one.ready and one.current for one in replicas)
        deadline = int(workload.document["spec"].get("progressDeadlineSeconds", 600))
        late = not complete and not workload.paused and self._clock() - workload.since > deadline
        failed = any(one.exits for one in replicas) or late
        return WorkloadSnapshot(
            name=workload.name,
            application=workload.name,
            kind="Deployment",
            phase=phase_of(workload, complete=complete, failed=failed),
            paused=workload.paused,
            image=workload.document["spec"]["template"]["spec"]["containers"][0]["image"],
            desired=workload.desired,
            ready=ready,
            updated=updated,
            available=ready,
            template=workload.template,
            since=workload.since,
            progressed_at=workload.since,
            progress_deadline=deadline,
            complete=complete,
            replicas=replicas,
            endpoints=endpoints(here, workload.name),
        )

    def _view_replica(self, workload: FakeWorkload, replica: FakeReplica) -> ReplicaSnapshot:
        ready = self._is_ready(replica)
        ends = self._exits(replica)
        return ReplicaSnapshot(
            name=replica.name,
            uid=replica.uid,
            template=replica.template,
            current=replica.template == workload.template,
            phase=ReplicaPhase.READY if ready else ReplicaPhase.BACK_OFF if ends else ReplicaPhase.RUNNING,
            ready=ready,
            restarts=len(ends),
            created_at=replica.created_at,
            started_at=replica.created_at,
            ready_at=replica.created_at + STARTS_AFTER if ready else None,
            was_ready=ready,
            pid=None if ends else replica.pid,
            exits=ends,
            probes=tuple(self._probes(replica, ready=ready)),
        )

    def _probes(self, replica: FakeReplica, *, ready: bool) -> Iterator[ProbeFailure]:
        """Each failing probe, asked once a second from the start, liveness once it is ready."""
        times = int(self._clock() - replica.created_at - (STARTS_AFTER if ready else 0.0)) + 1
        for kind in ("liveness",) if ready else ("readiness",):
            asked = replica.container.get(f"{kind}Probe") or {}
            status = replica.status(f"{kind}Probe")
            if status is None:
                continue
            yield ProbeFailure(
                kind,
                self._clock(),
                times,
                int(asked.get("failureThreshold", 3)),
                f"GET {asked['httpGet']['path']}",
                f"{status} never",
                status=status,
                alike=times,
                after_startup="startupProbe" in replica.container,
                period=1.0,
            )

    def _exits(self, replica: FakeReplica) -> tuple[Exit, ...]:
        if not replica.failing():
            return ()
        times = min(2, int((self._clock() - replica.created_at) / STARTS_AFTER))
        return tuple(
            Exit("main", replica.created_at + (one + 1) * STARTS_AFTER, code=1) for one in range(times)
        )


class FakeCluster(FakeEngine):
    """The same in memory, where others could write too."""

    name: ClassVar[str] = "kubernetes"
    local_images: ClassVar[bool] = False


def _pod(document: Document | None) -> object:
    return document and document["spec"]["template"]


def _identity(document: Document) -> tuple[str, str]:
    return str(document["kind"]), str(document["metadata"]["name"])
