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
