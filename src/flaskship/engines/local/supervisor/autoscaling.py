"""Measures what replicas use and moves their number, as the autoscalers of a release decide."""

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from flaskship.engines.local.processes.limits import Usage
from flaskship.engines.local.spec import Autoscaler
from flaskship.engines.local.supervisor.container import ContainerRuntime
from flaskship.engines.local.supervisor.replica import Replica
from flaskship.engines.local.supervisor.runtime import Runtime
from flaskship.engines.local.supervisor.workloads import Workload
from flaskship.model.errors import FlaskshipError
from flaskship.model.frozen import dataclass
from flaskship.rollout.autoscaling import Decision, Memory, decide
from flaskship.rollout.metrics import ContainerUsage, PodUsage, Resource

LOOK_SECONDS = 15.0
"""Kubernetes' horizontal-pod-autoscaler-sync-period."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The processor time of a process at an instant."""

    at: float
    cpu_seconds: float


@dataclass(slots=True)
class Autoscaling:
    """What is remembered between two looks; it ends with the supervisor, as it does with a controller."""

    now: Callable[[], float]
    readings: dict[str, Reading] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)

    def look(self, scaler: Autoscaler, current: int, replicas: Iterable[Replica]) -> Decision:
        """Measure the replicas of a workload and return how many there should be."""
        pods = tuple(self.measure(replica) for replica in replicas)
        memory = self.memories.get(scaler.workload, Memory())
        decision = decide(scaler.rules, current, pods, memory, self.now())
        self.memories[scaler.workload] = decision.memory
        return decision

    def measure(self, replica: Replica) -> PodUsage:
        """Return what one replica uses now; processor time is that since the look before."""
        now = self.now()
        spans: list[float] = []
        running = [*(c for c in replica.init.values() if c.spec.always), *replica.containers.values()]
        containers = {one.spec.name: self._measure(one, now, spans) for one in running}
        return PodUsage(
            containers,
            ready=replica.ready,
            age=now - replica.record.created_at,
            ready_for=now - replica.ready_at if replica.ready_at else 0.0,
            measured_over=max(spans, default=0.0),
            was_ready=replica.record.was_ready,
            pending=not replica.initialized,
        )

    def forget(self, running: Iterable[str]) -> None:
        """Drop the readings of processes that are gone."""
        kept = set(running)
        self.readings = {uid: reading for uid, reading in self.readings.items() if uid in kept}

    def _measure(self, container: ContainerRuntime, now: float, spans: list[float]) -> ContainerUsage:
        found, process = container.usage(), container.standing.process
        usage: dict[Resource, float] = {}
        if found is not None and process is not None:
            if found.memory is not None:
                usage["memory"] = found.memory
            used = self._cpu(process, found, now, spans)
            if used is not None:
                usage["cpu"] = used
        return ContainerUsage(usage, _requests(container))

    def _cpu(self, process: str, found: Usage, now: float, spans: list[float]) -> float | None:
        """Return thousandths of a core since the last look; None at the first one."""
        if found.cpu_seconds is None:
            return None
        before = self.readings.get(process)
        self.readings[process] = Reading(now, found.cpu_seconds)
        if before is None or now <= before.at:
            return None
        spans.append(now - before.at)
        # Where processes are added up one by one, one that ended takes its time with it.
        return max(0.0, found.cpu_seconds - before.cpu_seconds) / (now - before.at) * 1000


async def keep_scaling(runtime: Runtime) -> None:
    """Look at every autoscaler of an environment until cancelled, and move what has to be moved."""
    world = runtime.world
    scaling = Autoscaling(world.now)
    unmeasured: dict[str, tuple[str, ...]] = {}
    while True:
        await world.sleep(LOOK_SECONDS)
        try:
            for scaler, workload in runtime.autoscaled():
                _look(runtime, scaling, scaler, workload, unmeasured)
        except FlaskshipError as error:
            # A state that cannot be written now may be at the next look.
            traceback.print_exception(error)
        scaling.forget(world.containers)


def _look(
    runtime: Runtime,
    scaling: Autoscaling,
    scaler: Autoscaler,
    workload: Workload,
    unmeasured: dict[str, tuple[str, ...]],
) -> None:
    name = workload.spec.name
    mine = [r for r in runtime.replicas.values() if r.record.workload == name and not r.terminating]
    decision = scaling.look(scaler, workload.desired, mine)
    if decision.unknown != unmeasured.get(name, ()):
        unmeasured[name] = decision.unknown
        for unknown in decision.unknown:
            runtime.event(name, "FailedGetResourceMetric", unknown, "Warning")
    if decision.desired != workload.desired:
        runtime.autoscale(workload, decision.desired, decision.reason)


def _requests(container: ContainerRuntime) -> Mapping[Resource, int]:
    resources = container.spec.resources
    found: dict[Resource, int | None] = {"cpu": resources.cpu_request, "memory": resources.memory_request}
    return {name: amount for name, amount in found.items() if amount is not None}
