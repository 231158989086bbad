"""One metric against "Algorithm details" of Kubernetes' Horizontal Pod Autoscaling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.rollout.metrics import ContainerUsage, Metric, PodUsage, propose

CPU = Metric("cpu", "Utilization", 50)
MEMORY = Metric("memory", "Utilization", 80)


def pod(
    used: float | None,
    *,
    resource: str = "cpu",
    request: int | None = 100,
    ready: bool = True,
    age: float = 1000.0,
    ready_for: float = 900.0,
    was_ready: bool = True,
    pending: bool = False,
) -> PodUsage:
    usage = {} if used is None else {resource: used}
    requests = {} if request is None else {resource: request}
    return PodUsage(
        {"web": ContainerUsage(usage, requests)},  # type: ignore[arg-type]
        ready=ready,
        age=age,
        ready_for=ready_for,
        measured_over=15.0,
        was_ready=was_ready,
        pending=pending,
    )


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        # desired = ceil(current * measured / target): the document's own example is 200m against 100m.
        ([100, 100], 4),
        ([25, 25], 1),
        ([50, 50], 2),
        ([76, 76, 76], 5),
        # Within 10 % of the target nothing changes; the boundaries themselves are within.
        ([55, 55], 2),
        ([45, 45], 2),
        ([56, 56], 3),
        ([44, 44, 44, 44, 44, 44, 44, 44, 44], 8),
        # Only the whole percent counts: 55.9 is 55.
        ([55.9, 55.9], 2),
        ([0, 0, 0], 0),
    ],
)
def test_the_ratio_of_use_to_target_times_the_pods(used: list[float], expected: int) -> None:
    assert propose(CPU, len(used), [pod(one) for one in used]).replicas == expected


@pytest.mark.parametrize(
    ("target", "used", "expected"),
    [(100, [200, 200], 4), (100, [50, 50], 1), (100, [110, 110], 2), (100, [150, 0, 150], 3)],
)
def test_an_average_value_needs_no_requests(target: int, used: list[int], expected: int) -> None:
    metric = Metric("cpu", "AverageValue", target)
    assert propose(metric, len(used), [pod(one, request=None) for one in used]).replicas == expected


def test_utilization_without_a_request_is_a_problem_that_names_the_resource() -> None:
    proposal = propose(CPU, 2, [pod(90), pod(90, request=None)])
    assert "no request for cpu" in proposal.problem
    assert proposal.replicas == 2


def test_without_any_measurement_the_metric_is_unknown() -> None:
    assert propose(CPU, 2, [pod(None), pod(None)]).problem
    assert propose(CPU, 2, []).problem


def test_a_missing_pod_counts_as_full_on_the_way_down() -> None:
    # 10 % of 3 pods alone would be 1; the unmeasured one is taken at 100 % of its request.
    assert propose(CPU, 4, [pod(10), pod(10), pod(10), pod(None)]).replicas == 3


def test_a_missing_pod_counts_as_idle_on_the_way_up() -> None:
    assert propose(CPU, 3, [pod(100), pod(100), pod(None)]).replicas == 4


def test_a_missing_pod_cannot_turn_the_direction() -> None:
    assert propose(CPU, 2, [pod(30), pod(None)]).replicas == 2
    assert propose(CPU, 3, [pod(60), pod(None), pod(None)]).replicas == 3


def test_a_missing_pod_counts_as_the_target_where_the_target_is_above_its_request() -> None:
    metric = Metric("cpu", "Utilization", 200)
    assert propose(metric, 2, [pod(100), pod(None)]).replicas == 2


def test_a_starting_pod_counts_as_idle_on_the_way_up_and_not_at_all_on_the_way_down() -> None:
    starting = pod(500, ready=False, age=10, ready_for=0, was_ready=False)
    assert propose(CPU, 2, [pod(120), starting]).replicas == 3
    assert propose(CPU, 3, [pod(10), pod(10), starting]).replicas == 1


@pytest.mark.parametrize(
    ("one", "starting"),
    [
        (pod(9, age=10, ready_for=20), False),
        (pod(9, age=10, ready_for=5), True),
        (pod(9, ready=False, age=10, ready_for=0), True),
        (pod(9, ready=False, age=1000, was_ready=True), False),
        (pod(9, ready=False, age=1000, was_ready=False), True),
        (pod(9, pending=True), True),
    ],
)
def test_when_a_pods_cpu_may_be_that_of_its_start(one: PodUsage, starting: bool) -> None:
    assert one.starting("cpu") is starting
    assert one.starting("memory") is one.pending


def test_every_container_counts_unless_the_metric_names_one() -> None:
    both = {
        "web": ContainerUsage({"cpu": 100}, {"cpu": 100}),
        "side": ContainerUsage({"cpu": 0}, {"cpu": 100}),
    }
    one = PodUsage(both, ready=True, age=1000, ready_for=900, measured_over=15)
    assert propose(CPU, 1, [one]).replicas == 1
    assert propose(Metric("cpu", "Utilization", 50, container="web"), 1, [one]).replicas == 2


def test_a_pod_of_which_one_container_is_not_measured_is_missing() -> None:
    half = {"web": ContainerUsage({"cpu": 100}, {"cpu": 100}), "side": ContainerUsage({}, {"cpu": 100})}
    one = PodUsage(half, ready=True, age=1000, ready_for=900, measured_over=15)
    assert propose(CPU, 1, [one]).problem


pods = st.builds(
    pod,
    st.none() | st.integers(0, 400),
    ready=st.booleans(),
    age=st.sampled_from([1.0, 299.0, 1000.0]),
    ready_for=st.sampled_from([0.0, 5.0, 900.0]),
    was_ready=st.booleans(),
    pending=st.booleans(),
)


@given(st.lists(pods, min_size=1, max_size=12), st.integers(1, 150))
def test_what_is_not_known_never_makes_the_step_larger(found: list[PodUsage], target: int) -> None:
    metric = Metric("cpu", "Utilization", target)
    careful = propose(metric, len(found), found)
    known = [one for one in found if one.containers["web"].usage and not one.starting("cpu")]
    if careful.problem:
        assert not known
        return
    alone = propose(metric, len(found), known)
    if careful.replicas > len(found):
        assert alone.replicas > len(known)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12), st.integers(1, 150))
def test_what_is_proposed_brings_the_average_to_the_target(used: list[int], target: int) -> None:
    metric = Metric("cpu", "Utilization", target)
    replicas = propose(metric, len(used), [pod(one) for one in used]).replicas
    percent = sum(used) // len(used)
    if abs(percent - target) * 10 <= target:
        assert replicas == len(used)
    else:
        assert (replicas - 1) * target < percent * len(used) <= replicas * target or replicas == 0
