"""Whether a rollout fits into a namespace's quotas, beside what is there, at its fullest moment."""

from typing import Any

import pytest

from flaskship.engines.kubernetes.quotas import Shortage, Wanted, shortages, usage

GENTLE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
EAGER = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}


def pod(cpu: str = "100m", memory: str = "64Mi", **spec: Any) -> dict[str, Any]:
    resources = {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}
    return {"spec": {"containers": [{"name": "web", "resources": resources}], **spec}}


def quota(hard: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "team"}, "spec": {"hard": hard, **spec}, "status": {"hard": hard}}


def wanted(replicas: int, old: int, strategy: Any = GENTLE, **given: Any) -> Wanted:
    spec = {"replicas": replicas, "strategy": strategy}
    return Wanted("Deployment/web", spec, pod(), tuple(pod() for _ in range(old)), **given)


def short(hard: dict[str, str], *workloads: Wanted, others: int = 0, **spec: Any) -> list[str]:
    found = shortages([quota(hard, **spec)], workloads, [pod() for _ in range(others)])
    return [one.resource for one in found]


@pytest.mark.parametrize(
    ("pods", "workload", "fits"),
    [
        ("2", wanted(2, 0), True),
        ("1", wanted(2, 0), False),
        ("2", wanted(2, 2), False),  # the first new one has to be there before an old one may go
        ("3", wanted(2, 2), True),
        ("2", wanted(2, 2, EAGER), True),
        ("2", wanted(2, 2, {"type": "Recreate"}), True),
        ("2", wanted(2, 2, changed=False), True),
        ("1", wanted(2, 2, changed=False), True),  # it has what it wants, however small the quota became
        ("2", wanted(3, 2, changed=False), False),
        ("4", wanted(4, 4, {"rollingUpdate": {"maxUnavailable": "25%"}}), True),
        (
            "3",
            wanted(3, 3, {"rollingUpdate": {"maxUnavailable": "25%"}}),
            False,
        ),  # a quarter of three is none
        ("3", wanted(2, 2, {"blueGreen": {}}), False),
        ("4", wanted(2, 2, {"blueGreen": {}}), True),
        ("2", wanted(2, 2, {"canary": {"maxUnavailable": 0}}), False),
        ("3", wanted(2, 2, {"canary": {"maxUnavailable": 0}}), True),
        ("1", wanted(1, 1, None), True),  # a StatefulSet replaces in place
        ("4", wanted(3, 2, succeeds=True), False),  # of another kind: both are there until it is healthy
        ("5", wanted(3, 2, succeeds=True), True),
    ],
)
def test_pods_are_counted_at_the_rollouts_fullest_moment(pods: str, workload: Wanted, fits: bool) -> None:
    assert short({"pods": pods}, workload) == ([] if fits else ["pods"])


def test_what_others_have_is_counted_and_every_workload_of_ours() -> None:
    assert short({"pods": "4"}, wanted(1, 0), wanted(2, 0), others=1) == []
    assert short({"pods": "3"}, wanted(1, 0), wanted(2, 0), others=1) == ["pods"]


def test_each_resource_is_named_as_the_quota_does_with_the_value_that_asks_for_it() -> None:
    hard = {"requests.cpu": "100m", "memory": "100Mi", "limits.memory": "1Gi", "count/services": "0"}
    found = shortages([quota(hard)], [wanted(2, 0)], [pod("50m")])
    assert found == [
        Shortage("team", "requests.cpu", "200m", "50m", "100m", workload="Deployment/web"),
        Shortage("team", "memory", "128Mi", "64Mi", "100Mi", workload="Deployment/web"),
    ]
    assert [one.field for one in found] == ["resources.requests.cpu", "resources.requests.memory"]
    assert Shortage("team", "limits.memory", "", "", "").field == "resources.limits.memory"
    assert Shortage("team", "pods", "", "", "").field == "replicas or autoscaling.minReplicas"
    assert not found[0].replacing
    assert shortages([quota({"pods": "2"})], [wanted(2, 2)], [])[0].replacing


def test_the_larger_of_the_old_and_the_new_pod_stands_at_the_fullest_moment() -> None:
    spec = {"replicas": 2, "strategy": GENTLE}
    larger = Wanted("Deployment/web", spec, pod(memory="100Mi"), (pod(), pod()))
    assert short({"memory": "264Mi"}, larger) == []  # two new and the last old one
    assert short({"memory": "263Mi"}, larger) == ["memory"]
    smaller = Wanted("Deployment/web", spec, pod(memory="10Mi"), (pod(), pod()))
    assert short({"memory": "138Mi"}, smaller) == []  # two old and the first new one
    assert short({"memory": "137Mi"}, smaller) == ["memory"]


def test_a_quota_of_other_pods_is_no_matter_of_ours() -> None:
    assert short({"pods": "0"}, wanted(1, 0), scopes=["NotTerminating"]) == ["pods"]
    assert short({"pods": "0"}, wanted(1, 0), scopes=["Terminating"]) == []


def test_old_pods_of_another_class_are_not_in_the_quota_of_the_new_ones() -> None:
    spec, high = {"replicas": 2, "strategy": GENTLE}, pod(priorityClassName="high")
    moving = Wanted("Deployment/web", spec, high, (pod(), pod()))
    staying = Wanted("Deployment/web", spec, high, (high, high))
    of_high = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}
    assert short({"pods": "2"}, moving, scopeSelector=of_high) == []
    assert short({"pods": "2"}, staying, scopeSelector=of_high) == ["pods"]
    assert short({"pods": "1"}, moving, scopeSelector=of_high) == ["pods"]


def test_a_pods_usage_is_its_containers_sum_or_a_larger_init_container() -> None:
    one = {"resources": {"limits": {"cpu": "100m"}}}
    large, beside = {"resources": {"requests": {"cpu": "1"}}}, {**one, "restartPolicy": "Always"}
    assert usage({"spec": {"containers": [one, one]}})["cpu"] == 2 * 10**8
    assert usage({"spec": {"containers": [one], "initContainers": [large]}})["requests.cpu"] == 10**9
    assert usage({"spec": {"containers": [one], "initContainers": [beside]}})["limits.cpu"] == 2 * 10**8
    assert usage({"spec": {"containers": [{"resources": {"limits": {"cpu": "odd"}}}]}}) == {
        "pods": 10**9,
        "count/pods": 10**9,
    }


def test_a_quota_that_nobody_has_counted_yet_says_nothing() -> None:
    assert (
        shortages([{"metadata": {"name": "new"}, "spec": {"hard": {"pods": "0"}}}], [wanted(1, 0)], []) == []
    )
