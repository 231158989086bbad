"""What one environment has and the other lacks: applications, kinds, fields, choices, variables, features."""

import pytest
from tests.unit.policy.market import Change, market

from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.untested import deltas

C = "Deployment/shop spec template spec containers 0"


def names(here: Change, there: Change | None = None) -> list[str]:
    return [one.name for one in deltas(load_table(), market(here), market(there))]


def test_equal_environments_have_no_delta_and_neither_has_the_smaller_one() -> None:
    assert names(Change()) == []
    assert names(Change(remove=("VerticalPodAutoscaler/till-vpa", "Deployment/till"))) == []


@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        (Change(remove=("VerticalPodAutoscaler/till-vpa",)), "VerticalPodAutoscaler"),
        (Change(set={f"{C} startupProbe": None}), "Deployment spec.template.spec.containers.startupProbe"),
        (Change(set={"Service/till spec type": "ClusterIP"}), "Service spec.type=NodePort"),
        (Change(set={f"{C} env +": {"name": "A", "value": "1"}}), None),
        (Change(set={f"{C} env 0 name": "LOGGING"}), "variable LOG_LEVEL of shop"),
        (Change(remove=("Deployment/shop",)), "application shop"),
    ],
)
def test_what_the_other_lacks_is_named(lacking: Change, name: str | None) -> None:
    told = names(Change(), lacking)
    assert (name in told) if name else told == []


def test_what_another_application_exercises_is_not_exercised_by_this_one() -> None:
    field = "spec template spec containers 0 terminationMessagePath"
    both = {f"Deployment/{one} {field}": "/log" for one in ("shop", "till")}
    name = "Deployment spec.template.spec.containers.terminationMessagePath"
    assert names(Change(set=both), Change(set={f"Deployment/till {field}": "/log"})) == [f"{name} of shop"]
    assert names(Change(set=both)) == [name]
    assert names(Change(), Change(remove=("PodDisruptionBudget/shop-pdb",))) == [
        "PodDisruptionBudget of shop"
    ]


@pytest.mark.parametrize(
    ("path", "entry", "name"),
    [
        (f"{C} volumeMounts +", {"name": "x", "mountPath": "/x"}, "containers.volumeMounts x"),
        ("Deployment/shop spec template spec volumes +", {"name": "x", "emptyDir": {}}, "volumes x"),
        ("Deployment/shop spec template spec initContainers +", {"name": "x"}, "initContainers x"),
        ("Deployment/shop spec template spec serviceAccountName", "till", "serviceAccountName=till"),
        (f"{C} envFrom +", {"secretRef": {"name": "x"}}, "containers.envFrom x"),
    ],
)
def test_entries_of_lists_and_free_choices_are_told_by_name_and_the_larger_alone(
    path: str, entry: object, name: str
) -> None:
    assert names(Change(set={path: entry})) == [f"Deployment spec.template.spec.{name}"]


def test_what_a_role_may_is_told_and_what_differs_by_environment_is_not() -> None:
    secrets = Change(set={"Role/shop-reader rules 0 resources +": "secrets"})
    assert names(secrets) == ["Role rules.resources secrets"]
    block = {"from": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]}
    assert names(Change(set={"NetworkPolicy/shop spec ingress 0 from": block["from"]})) == []
    assert names(Change(set={"Ingress/front spec rules 0 host": "other.example.com"})) == []
    outside = {"ipBlock": {"cidr": "10.9.0.0/16"}}
    assert names(Change(set={"NetworkPolicy/shop spec egress 0 to +": outside})) == [
        "NetworkPolicy spec.egress.to 10.9.0.0/16"
    ]


def test_a_missing_kind_is_told_once_and_not_field_by_field() -> None:
    told = names(Change(), Change(remove=("VerticalPodAutoscaler/till-vpa",)))
    assert told == ["VerticalPodAutoscaler"]


def test_a_feature_that_is_on_here_alone_is_told_and_one_that_is_off_is_not() -> None:
    here = Change(set={"ConfigMap/shop-config data FEATURES": '{"quick": true, "old": false}'})
    there = Change(set={"ConfigMap/shop-config data FEATURES": '{"old": true}'})
    assert names(here, there) == ["feature quick of shop"]
    broken = Change(set={"ConfigMap/shop-config data FEATURES": "{"})
    assert names(here, broken) == ["feature old of shop", "feature quick of shop"][1:]


def test_free_keys_and_list_positions_are_no_fields() -> None:
    here = Change(set={"ConfigMap/shop-config metadata labels extra": "x", f"{C} args +": "--more"})
    assert names(here) == []


def test_a_choice_between_true_and_false_counts() -> None:
    here = Change(set={"Deployment/shop spec template spec enableServiceLinks": True})
    assert names(here) == ["Deployment spec.template.spec.enableServiceLinks=true"]
