"""What one resource metric asks for, as Kubernetes' replica calculator works it out (replica_calculator.go).

Documented under "Algorithm details" of Horizontal Pod Autoscaling: the ratio of use to target times the pods
that were measured; unmeasured pods count as using all of the target on the way down and nothing on the way
up; pods that are not ready yet count as using nothing on the way up; within the tolerance nothing changes,
and neither does it where these pods turn the direction.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from typing import Literal

from flaskship.model.frozen import dataclass

Resource = Literal["cpu", "memory"]

START_SECONDS = 300.0
"""For how long after its start a pod's CPU may be that of starting up (cpu-initialization-period)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A target: percent of the request (Utilization), or an amount for each pod (AverageValue).

    CPU is counted in thousandths of a core and memory in bytes. With a container only that one counts.
    """

    resource: Resource
    kind: Literal["Utilization", "AverageValue"]
    target: int
    container: str = ""

    def __str__(self) -> str:
        unit = {"Utilization": " % of the request"}.get(self.kind, {"cpu": "m"}.get(self.resource, " bytes"))
        where = f" of container {self.container}" if self.container else ""
        return f"{self.resource}{where} (target {self.target}{unit})"


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """What one container uses and requests of each resource; an absent one is not known, or not requested."""

    usage: Mapping[Resource, float] = field(default_factory=dict)
    requests: Mapping[Resource, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PodUsage:
    """One pod that nobody told to end, and for how long it has been there."""

    containers: Mapping[str, ContainerUsage]
    ready: bool
    age: float
    ready_for: float = 0.0
    """For how long it has been ready; 0 where it is not."""
    measured_over: float = 0.0
    """How long the time is over which its CPU was measured."""
    was_ready: bool = False
    pending: bool = False
    """No container of it runs yet."""

    def starting(self, resource: Resource) -> bool:
        """Tell whether it counts as not ready yet: for CPU, its use may be that of starting up."""
        if self.pending:
            return True
        if resource == "memory":
            return False
        if self.age <= START_SECONDS:
            return not self.ready or self.ready_for < self.measured_over
        return not self.ready and not self.was_ready


@dataclass(frozen=True, slots=True)
class Proposal:
    """How many replicas a metric asks for and why; a problem in words where it can tell nothing."""

    replicas: int
    reason: str = ""
    problem: str = ""


def propose(
    metric: Metric, current: int, pods: Sequence[PodUsage], tolerances: tuple[float, float] = (0.1, 0.1)
) -> Proposal:
    """Return what the metric asks for; tolerances are those of the way down and of the way up."""
    starting = [pod for pod in pods if pod.starting(metric.resource)]
    rest = [pod for pod in pods if not pod.starting(metric.resource)]
    measured = {id(pod): used for pod in rest if (used := _used(metric, pod)) is not None}
    missing = [pod for pod in rest if id(pod) not in measured]
    if not measured:
        return Proposal(current, problem=f"{metric}: no ready replica could be measured")
    requests: dict[int, int] = {}
    for pod in pods:
        requested = _requested(metric, pod)
        if requested is None:
            return Proposal(current, problem=f"{metric}: a container has no request for {metric.resource}")
        requests[id(pod)] = requested
    ratio = _ratio(metric, measured, requests)
    reason = _reason(metric, ratio)
    waiting = starting if ratio > 1 else []
    if not waiting and not missing:
        return Proposal(current if _within(ratio, tolerances) else math.ceil(ratio * len(measured)), reason)
    # What is not known must not exaggerate: it is taken for the opposite of where the rest points.
    for pod in missing:
        measured[id(pod)] = _full(metric, requests[id(pod)]) if ratio < 1 else Fraction()
    measured |= {id(pod): Fraction() for pod in waiting}
    careful = _ratio(metric, measured, requests)
    replicas = math.ceil(careful * len(measured))
    turned = (ratio < 1 and max(careful, Fraction(replicas, current)) > 1) or (
        ratio > 1 and min(careful, Fraction(replicas, current)) < 1
    )
    return Proposal(current if turned or _within(careful, tolerances) else replicas, reason)


def _used(metric: Metric, pod: PodUsage) -> Fraction | None:
    chosen = [one for name, one in pod.containers.items() if metric.container in ("", name)]
    known = [one.usage.get(metric.resource) for one in chosen]
    if not known or any(used is None for used in known):
        return None
    return sum((Fraction(used) for used in known if used is not None), Fraction())


def _requested(metric: Metric, pod: PodUsage) -> int | None:
    if metric.kind == "AverageValue":
        return 0
    chosen = [one for name, one in pod.containers.items() if metric.container in ("", name)]
    known = [one.requests.get(metric.resource) for one in chosen]
    return sum(one or 0 for one in known) if known and all(known) else None


def _ratio(metric: Metric, used: Mapping[int, Fraction], requests: Mapping[int, int]) -> Fraction:
    total = sum(used.values(), Fraction())
    if metric.kind == "AverageValue":
        return total / len(used) / metric.target
    requested = sum(requests[pod] for pod in used)
    # Kubernetes compares whole percent.
    return Fraction(math.floor(total * 100 / requested), metric.target)


def _full(metric: Metric, requested: int) -> Fraction:
    if metric.kind == "AverageValue":
        return Fraction(metric.target)
    return Fraction(requested * max(100, metric.target), 100)


def _within(ratio: Fraction, tolerances: tuple[float, float]) -> bool:
    # Decimal text keeps 0.1 a tenth: the boundary itself is within the tolerance.
    down, up = (Fraction(str(one)) for one in tolerances)
    return 1 - down <= ratio <= 1 + up


def _reason(metric: Metric, ratio: Fraction) -> str:
    return f"{metric} is used to {float(ratio):.0%}"
