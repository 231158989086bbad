"""From proposals to a count, against "Configurable scaling behavior" of Kubernetes' documentation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskship.rollout.autoscaling import (
    DOWN,
    UP,
    Change,
    Direction,
    Memory,
    Policy,
    Recommendation,
    Rules,
    decide,
)
from flaskship.rollout.metrics import ContainerUsage, Metric, PodUsage

CPU, MEMORY = Metric("cpu", "Utilization", 50), Metric("memory", "AverageValue", 100)
NOW = 10_000.0
FRESH = Memory()
AT_ONCE = Direction(0, (Policy("Percent", 1000, 15),))


def pods(count: int, cpu: float | None, memory: float | None = None) -> list[PodUsage]:
    usage = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value is not None}
    container = ContainerUsage(usage, {"cpu": 100})  # type: ignore[arg-type]
    one = PodUsage({"web": container}, ready=True, age=1000, ready_for=900, measured_over=15)
    return [PodUsage(dict(one.containers), ready=True, age=1000, ready_for=900) for _ in range(count)]


def rules(
    least: int = 1, most: int = 100, up: Direction = UP, down: Direction = DOWN, *metrics: Metric
) -> Rules:
    return Rules(least, most, metrics or (CPU,), up, down)


def desired(wanted: Rules, current: int, cpu: float | None, memory: Memory = FRESH, now: float = NOW) -> int:
    return decide(wanted, current, pods(current, cpu), memory, now).desired


@pytest.mark.parametrize(
    ("current", "cpu", "expected"),
    [
        # Up by default: the larger of 4 pods and 100 % each 15 s, without a window.
        (1, 500, 5),
        (2, 500, 6),
        (4, 500, 8),
        (10, 500, 20),
        (10, 60, 12),
        # Down by default: only what held for five minutes.
        (10, 5, 10),
        (10, 50, 10),
    ],
)
def test_the_default_behaviour(current: int, cpu: float, expected: int) -> None:
    assert desired(rules(), current, cpu) == expected


def test_going_down_takes_the_most_that_was_recommended_within_the_window() -> None:
    seen = Memory((Recommendation(NOW - 299, 7), Recommendation(NOW - 200, 3)))
    assert desired(rules(), 10, 5, seen) == 7
    assert desired(rules(), 10, 5, seen, NOW + 60) == 3
    assert desired(rules(), 10, 5, seen, NOW + 200) == 1


def test_going_up_takes_the_least_that_was_recommended_within_its_window() -> None:
    patient = Direction(60, (Policy("Percent", 1000, 15),))
    seen = Memory((Recommendation(NOW - 59, 4), Recommendation(NOW - 30, 9)))
    assert desired(rules(up=patient), 2, 300, seen) == 4
    assert desired(rules(up=patient), 2, 300, seen, NOW + 20) == 9
    # The first look counts what runs as recommended.
    assert desired(rules(up=patient), 2, 300) == 2


def test_a_recommendation_between_the_windows_changes_nothing() -> None:
    patient = Direction(60, (Policy("Percent", 1000, 15),))
    seen = Memory((Recommendation(NOW - 50, 2), Recommendation(NOW - 40, 9)))
    assert desired(rules(up=patient, down=patient), 5, 50, seen) == 5


@pytest.mark.parametrize(
    ("policies", "select", "expected"),
    [
        # The document's example of a scale-down: 4 pods or 10 % of 80 each minute.
        ((Policy("Pods", 4, 60), Policy("Percent", 10, 60)), "Max", 72),
        ((Policy("Pods", 4, 60), Policy("Percent", 10, 60)), "Min", 76),
        ((Policy("Pods", 4, 60),), "Disabled", 80),
        ((Policy("Percent", 100, 15),), "Max", 1),
        ((), "Max", 80),
    ],
)
def test_policies_of_the_way_down(policies: tuple[Policy, ...], select: str, expected: int) -> None:
    down = Direction(0, policies, select)  # type: ignore[arg-type]
    assert desired(rules(down=down), 80, 0.01) == (expected if expected > 1 else 1)


@pytest.mark.parametrize(
    ("policies", "select", "expected"),
    [
        ((Policy("Pods", 4, 60), Policy("Percent", 10, 60)), "Max", 88),
        ((Policy("Pods", 20, 60), Policy("Percent", 10, 60)), "Max", 100),
        ((Policy("Pods", 20, 60), Policy("Percent", 10, 60)), "Min", 88),
        ((Policy("Percent", 1, 60),), "Max", 81),
        ((Policy("Pods", 20, 60),), "Disabled", 80),
    ],
)
def test_policies_of_the_way_up(policies: tuple[Policy, ...], select: str, expected: int) -> None:
    up = Direction(0, policies, select)  # type: ignore[arg-type]
    assert desired(rules(up=up, most=1000), 80, 500) == expected


def test_what_a_period_had_already_counts_against_its_policy() -> None:
    up = Direction(0, (Policy("Pods", 4, 60),))
    added = Memory(changes=(Change(NOW - 59, 3), Change(NOW - 61, 9)))
    assert desired(rules(up=up), 10, 500, added) == 11
    assert desired(rules(up=up), 10, 500, added, NOW + 10) == 14
    # What was taken away within the period may come back on top.
    assert desired(rules(up=up), 10, 500, Memory(changes=(Change(NOW - 5, -2),))) == 16
    # More was added than is allowed by now: nothing is taken back.
    assert desired(rules(up=up), 10, 500, Memory(changes=(Change(NOW - 5, 9),))) == 10


def test_the_changes_made_are_remembered() -> None:
    first = decide(rules(), 2, pods(2, 500), Memory(), NOW)
    assert first.memory.changes == (Change(NOW, 4),)
    assert decide(rules(), 6, pods(6, 50), first.memory, NOW + 16).memory.changes == ()


@pytest.mark.parametrize(("current", "expected"), [(1, 3), (9, 6), (3, 3), (6, 6)])
def test_the_bounds_hold_whatever_is_measured(current: int, expected: int) -> None:
    assert desired(rules(3, 6), current, 50 if current in (3, 6) else None) == expected


def test_policies_do_not_lead_beyond_the_bounds() -> None:
    assert desired(rules(1, 5), 4, 500) == 5
    assert desired(rules(3, 9, down=AT_ONCE), 4, 0) == 3


def test_a_workload_of_no_replicas_is_left_alone() -> None:
    assert desired(rules(2, 6), 0, None) == 0


def test_the_largest_proposal_of_several_metrics_wins() -> None:
    both = rules(1, 100, UP, DOWN, CPU, MEMORY)
    decision = decide(both, 4, pods(4, 55, 150), Memory(), NOW)
    assert decision.desired == 6
    assert "memory" in decision.reason


def test_an_unknown_metric_forbids_the_way_down_and_allows_the_way_up() -> None:
    both = rules(1, 100, AT_ONCE, AT_ONCE, CPU, MEMORY)
    down = decide(both, 4, pods(4, 5), Memory(), NOW)
    assert (down.desired, len(down.unknown)) == (4, 1)
    assert decide(both, 4, pods(4, 100), Memory(), NOW).desired == 8


def test_nothing_known_keeps_what_runs_and_remembers_nothing() -> None:
    decision = decide(rules(), 4, pods(4, None), Memory(), NOW)
    assert (decision.desired, decision.memory) == (4, Memory())
    assert "cpu" in decision.unknown[0]


def test_a_tolerance_of_its_own_for_each_way() -> None:
    eager = Direction(0, UP.policies, tolerance=0.0)
    assert desired(rules(up=eager), 10, 52) == 11
    assert desired(rules(down=eager), 10, 52) == 10


directions = st.builds(
    Direction,
    st.sampled_from([0, 30, 300]),
    st.lists(
        st.builds(
            Policy, st.sampled_from(["Pods", "Percent"]), st.integers(1, 300), st.sampled_from([15, 60])
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.sampled_from(["Max", "Min", "Disabled"]),
)
loads = st.lists(st.none() | st.integers(0, 300), min_size=1, max_size=30)


@given(st.integers(1, 8), st.integers(0, 20), directions, directions, loads)
@settings(deadline=None, max_examples=40)
def test_any_course_of_a_load(
    least: int, more: int, up: Direction, down: Direction, load: list[int | None]
) -> None:
    """Within the bounds always, remembering no more than the windows hold, never the wrong way."""
    wanted = rules(least, least + more, up, down)
    current, memory = least, Memory()
    for step, cpu in enumerate(load):
        decision = decide(wanted, current, pods(current, cpu), memory, NOW + 15 * step)
        assert wanted.least <= decision.desired <= wanted.most
        if cpu is None:
            assert decision.desired == current
        if up.select == "Disabled":
            assert decision.desired <= current
        if down.select == "Disabled":
            assert decision.desired >= current
        assert len(decision.memory.recommendations) <= 300 / 15 + 2
        assert len(decision.memory.changes) <= 5
        current, memory = decision.desired, decision.memory


@given(st.sampled_from([0, 30, 60]), st.integers(1, 10), st.integers(51, 400))
@settings(deadline=None, max_examples=30)
def test_a_steady_load_is_reached_and_held(window: int, current: int, cpu: int) -> None:
    """A constant total of work comes to rest where it is served at the target."""
    wanted = rules(1, 1000, Direction(window, UP.policies), DOWN)
    total, memory = current * cpu, Memory()
    for step in range(40):
        decision = decide(wanted, current, pods(current, total / current), memory, NOW + 15 * step)
        current, memory = decision.desired, decision.memory
    assert total / current < 56
    assert decision.memory.changes == ()
