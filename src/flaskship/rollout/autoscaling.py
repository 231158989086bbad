"""How many replicas a HorizontalPodAutoscaler wants: pure, from what was measured to a count.

The algorithm is the one that Kubernetes documents (Horizontal Pod Autoscaling, "Algorithm details" and
"Configurable scaling behavior") and carries out in pkg/controller/podautoscaler: replica_calculator.go for
one metric (see metrics.py beside this file), horizontal.go for several, for stabilisation and for policies.
Instants are seconds of the caller's clock.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from flaskship.model.frozen import dataclass
from flaskship.rollout.metrics import Metric, PodUsage, Proposal, propose

Select = Literal["Max", "Min", "Disabled"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How much may change within a period: so many pods, or such a part of them."""

    kind: Literal["Pods", "Percent"]
    value: int
    period: int


@dataclass(frozen=True, slots=True)
class Direction:
    """The rules for one direction: which policy counts, and how long a recommendation has to hold."""

    window: int
    policies: tuple[Policy, ...]
    select: Select = "Max"
    tolerance: float = 0.1


UP = Direction(0, (Policy("Pods", 4, 15), Policy("Percent", 100, 15)))
DOWN = Direction(300, (Policy("Percent", 100, 15),))


@dataclass(frozen=True, slots=True)
class Rules:
    """One autoscaler: its bounds, its metrics, its behaviour (Kubernetes' defaults where it says nothing)."""

    least: int
    most: int
    metrics: tuple[Metric, ...]
    up: Direction = UP
    down: Direction = DOWN


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the metrics asked for at an instant, before any behaviour."""

    at: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Change:
    """How many replicas were added (positive) or taken away at an instant."""

    at: float
    by: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered between two decisions; Kubernetes keeps it in memory, too."""

    recommendations: tuple[Recommendation, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The count that should run, why, and what to remember; unknown names the metrics that gave nothing."""

    desired: int
    reason: str
    memory: Memory
    unknown: tuple[str, ...] = ()


def decide(rules: Rules, current: int, pods: Iterable[PodUsage], memory: Memory, now: float) -> Decision:
    """Return how many replicas there should be; current stays where no metric is known.

    A workload of 0 replicas is switched off, and is left alone, as in Kubernetes.
    """
    if current == 0:
        return Decision(0, "scaling is off at 0 replicas", memory)
    if not rules.least <= current <= rules.most:
        desired = min(max(current, rules.least), rules.most)
        bound = "minReplicas" if current < rules.least else "maxReplicas"
        return _moved(Decision(desired, f"{bound} is {desired}", memory), current, rules, now)
    every = tuple(pods)
    tolerances = (rules.down.tolerance, rules.up.tolerance)
    proposals = tuple(propose(metric, current, every, tolerances) for metric in rules.metrics)
    unknown = tuple(one.problem for one in proposals if one.problem)
    wanted = _largest(proposals)
    if wanted is None or (unknown and wanted.replicas < current):
        # One unknown metric might have asked for more: there is no way down without it.
        return Decision(current, "not every metric is known", memory, unknown)
    known = memory.recommendations or (Recommendation(now, current),)
    memory = replace(memory, recommendations=_recent(known, rules, now))
    steady = _stabilised(rules, current, wanted.replicas, memory.recommendations, now)
    fresh = Recommendation(now, wanted.replicas)
    memory = replace(memory, recommendations=(*memory.recommendations, fresh))
    desired = _limited(rules, current, steady, memory.changes, now)
    return _moved(Decision(desired, wanted.reason, memory, unknown), current, rules, now)


def _largest(proposals: tuple[Proposal, ...]) -> Proposal | None:
    known = [one for one in proposals if not one.problem]
    return max(known, key=lambda one: one.replicas, default=None)


def _recent(known: tuple[Recommendation, ...], rules: Rules, now: float) -> tuple[Recommendation, ...]:
    longest = max(rules.up.window, rules.down.window)
    return tuple(one for one in known if one.at > now - longest or one.at == now)


def _stabilised(
    rules: Rules, current: int, wanted: int, known: tuple[Recommendation, ...], now: float
) -> int:
    """Go up to the least, and down to the most, of what was recommended within each window."""
    up = min([wanted, *(one.replicas for one in known if one.at > now - rules.up.window)])
    down = max([wanted, *(one.replicas for one in known if one.at > now - rules.down.window)])
    return min(max(current, up), down)


def _limited(rules: Rules, current: int, wanted: int, changes: tuple[Change, ...], now: float) -> int:
    """Keep within what the policies allow now, and within the bounds."""
    if wanted > current:
        ceiling = max(current, _furthest(rules.up, current, changes, now, up=True))
        return min(wanted, ceiling, rules.most)
    if wanted < current:
        floor = min(current, _furthest(rules.down, current, changes, now, up=False))
        return max(wanted, floor, rules.least)
    return current


def _furthest(
    direction: Direction, current: int, changes: tuple[Change, ...], now: float, *, up: bool
) -> int:
    if direction.select == "Disabled" or not direction.policies:
        return current
    reached = []
    for policy in direction.policies:
        within = sum(change.by for change in changes if change.at > now - policy.period)
        before = current - within
        reached.append(_after(policy, before, up=up))
    # Max is the policy that lets the count change most: the highest on the way up, the lowest down.
    furthest = max if (direction.select == "Max") == up else min
    return furthest(reached)


def _after(policy: Policy, before: int, *, up: bool) -> int:
    if policy.kind == "Pods":
        return before + policy.value if up else before - policy.value
    if up:
        return -(-before * (100 + policy.value) // 100)
    return max(0, before * (100 - policy.value)) // 100


def _moved(decision: Decision, current: int, rules: Rules, now: float) -> Decision:
    longest = max((policy.period for way in (rules.up, rules.down) for policy in way.policies), default=0)
    changes = tuple(one for one in decision.memory.changes if one.at > now - longest)
    if decision.desired != current:
        changes = (*changes, Change(now, decision.desired - current))
    return replace(decision, memory=replace(decision.memory, changes=changes))
