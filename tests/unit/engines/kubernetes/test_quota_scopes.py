"""Which pods a quota with scopes counts, as Kubernetes documents each scope."""

from typing import Any

import pytest

from flaskship.engines.kubernetes.quota_scopes import is_counted

PLAIN: dict[str, Any] = {"containers": [{"name": "web"}]}


def asking(**resources: dict[str, str]) -> dict[str, Any]:
    return {"containers": [{"name": "web"}, {"name": "side", "resources": resources}]}


def selecting(scope: str, operator: str, *values: str) -> dict[str, Any]:
    one = {"scopeName": scope, "operator": operator} | ({"values": list(values)} if values else {})
    return {"scopeSelector": {"matchExpressions": [one]}}


def near(term: dict[str, Any], *, preferred: bool = False) -> dict[str, Any]:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    weighted = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}
    return {**PLAIN, "affinity": {"podAntiAffinity": weighted if preferred else required}}


HIGH = {**PLAIN, "priorityClassName": "high"}


@pytest.mark.parametrize(
    ("quota", "pod", "counted"),
    [
        ({}, PLAIN, True),
        ({"scopes": ["Terminating"]}, PLAIN, False),
        ({"scopes": ["Terminating"]}, {**PLAIN, "activeDeadlineSeconds": 60}, True),
        ({"scopes": ["NotTerminating"]}, PLAIN, True),
        ({"scopes": ["NotTerminating"]}, {**PLAIN, "activeDeadlineSeconds": 0}, False),
        ({"scopes": ["BestEffort"]}, PLAIN, True),
        ({"scopes": ["BestEffort"]}, asking(requests={"cpu": "10m"}), False),
        ({"scopes": ["BestEffort"]}, asking(limits={"memory": "1Mi"}), False),
        ({"scopes": ["BestEffort"]}, asking(requests={"cpu": "0"}), True),
        ({"scopes": ["BestEffort"]}, asking(requests={"ephemeral-storage": "1Gi"}), True),
        ({"scopes": ["BestEffort"]}, {**PLAIN, "resources": {"requests": {"cpu": "1"}}}, False),
        (
            {"scopes": ["BestEffort"]},
            {**PLAIN, "initContainers": [{"resources": {"limits": {"cpu": "1"}}}]},
            False,
        ),
        ({"scopes": ["NotBestEffort"]}, PLAIN, False),
        ({"scopes": ["NotBestEffort"]}, asking(requests={"memory": "1Mi"}), True),
        ({"scopes": ["NotBestEffort", "Terminating"]}, asking(requests={"memory": "1Mi"}), False),
        (selecting("BestEffort", "Exists"), PLAIN, True),
        (selecting("Terminating", "Exists"), PLAIN, False),
        ({"scopes": ["PriorityClass"]}, PLAIN, False),
        ({"scopes": ["PriorityClass"]}, HIGH, True),
        (selecting("PriorityClass", "Exists"), HIGH, True),
        (selecting("PriorityClass", "DoesNotExist"), PLAIN, True),
        (selecting("PriorityClass", "DoesNotExist"), HIGH, False),
        (selecting("PriorityClass", "In", "high", "low"), HIGH, True),
        (selecting("PriorityClass", "In", "low"), HIGH, False),
        (selecting("PriorityClass", "In", "low"), PLAIN, False),
        (selecting("PriorityClass", "NotIn", "low"), HIGH, True),
        (selecting("PriorityClass", "NotIn", "low"), PLAIN, True),
        (selecting("PriorityClass", "NotIn", "high"), HIGH, False),
        ({"scopes": ["CrossNamespacePodAffinity"]}, PLAIN, False),
        ({"scopes": ["CrossNamespacePodAffinity"]}, near({"topologyKey": "zone"}), False),
        ({"scopes": ["CrossNamespacePodAffinity"]}, near({"namespaces": ["other"]}), True),
        ({"scopes": ["CrossNamespacePodAffinity"]}, near({"namespaceSelector": {}}, preferred=True), True),
        ({"scopes": ["VolumeAttributesClass"]}, PLAIN, False),
        (selecting("PriorityClass", "Gt", "1"), HIGH, False),
        ({"scopes": ["NotTerminating"], **selecting("PriorityClass", "In", "high")}, PLAIN, False),
    ],
)
def test_the_pods_that_a_quota_counts(quota: dict[str, Any], pod: dict[str, Any], counted: bool) -> None:
    assert is_counted({"spec": quota}, {"spec": pod}) is counted
