"""The table of fields: its minors, its size, and what the validator makes of single values."""

from importlib.resources import files
from typing import Any

import pytest

from flaskship.policy.kubernetes.table import Table, load_table, span
from flaskship.policy.kubernetes.validate import Breach, violations
from flaskship.policy.node import Node

MINORS = ("1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")


def breaches(schema: dict[str, Any], value: Any, *more: dict[str, Any]) -> list[tuple[str, str]]:
    table = Table(MINORS, {}, {}, {}, (schema, *more))
    return [(one.breach, one.path) for one in violations(table, 0, Node(value, "it"))]


def test_the_supported_minors_and_our_kinds_are_there_in_a_small_file() -> None:
    table = load_table()
    assert table.minors == MINORS
    assert len((files("flaskship.policy.kubernetes") / "schemas.json.gz").read_bytes()) < 1 << 20
    for name in (
        "apps/v1 Deployment",
        "v1 Service",
        "policy/v1 PodDisruptionBudget",
        "autoscaling/v2 HorizontalPodAutoscaler",
    ):
        api, _, kind = name.partition(" ")
        covered = [minor for minors in table.schemas(api, kind).values() for minor in minors]
        assert sorted(covered) == sorted(MINORS), name
    for name in (
        "external-secrets.io/v1 ExternalSecret",
        "external-secrets.io/v1 SecretStore",
        "autoscaling.k8s.io/v1 VerticalPodAutoscaler",
        "argoproj.io/v1alpha1 Rollout",
        "argoproj.io/v1alpha1 Application",
        "argoproj.io/v1alpha1 AppProject",
        "monitoring.coreos.com/v1 ServiceMonitor",
        "monitoring.coreos.com/v1 PrometheusRule",
    ):
        api, _, kind = name.partition(" ")
        assert list(table.schemas(api, kind).values()) == [MINORS], name


def test_a_field_of_a_younger_minor_is_refused_by_the_older_ones_alone() -> None:
    table = load_table()
    young = {
        minor
        for number, minors in table.schemas("v1", "Pod").items()
        if not list(violations(table, number, Node({"spec": {"containers": [], "hostnameOverride": "x"}})))
        for minor in minors
    }
    assert young == {"1.34", "1.35", "1.36", "1.37"}


def test_kinds_of_others_are_neither_checked_nor_dead() -> None:
    table = load_table()
    assert table.schemas("example.com/v1", "Deployment") == {}
    assert table.missing("example.com/v1", "Deployment") == ()
    assert table.missing("apps/v1", "Deploymnt") == MINORS
    assert table.missing("apps/v1", "Deployment") == ()


@pytest.mark.parametrize(
    ("minors", "said"),
    [
        (MINORS, "every supported Kubernetes (1.30 to 1.37)"),
        (MINORS[:3], "Kubernetes 1.30 to 1.32"),
        (("1.30", "1.36"), "Kubernetes 1.30 and 1.36"),
        (("1.37",), "Kubernetes 1.37"),
        (("1.30", "1.32", "1.34"), "Kubernetes 1.30, 1.32 and 1.34"),
    ],
)
def test_minors_are_said_as_a_person_says_them(minors: tuple[str, ...], said: str) -> None:
    assert span(minors, MINORS) == said


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("s", ["", "x"], [1, True, {}, []]),
        ("i", [0, -1, 2.0], ["1", 1.5, True]),
        ("n", [0, 1.5], ["1", False]),
        ("b", [True, False], ["true", 0]),
        ("x", [1, "25%", 2.0], [True, [], {}, 1.5]),
        ("q", [1, 0.5, "100m"], [True, [], {}]),
        ("a", [[], [1]], [{}, "x"]),
        ("o", [{}, {"any": 1}], [[], "x"]),
        ("64", ["aGVsbG8=", "", "aGVs\nbG8="], ["a", "not base64!", 7]),
        ("?", [1, "x", {}, []], []),
    ],
)
def test_types(kind: str, good: list[Any], bad: list[Any]) -> None:
    for value in (*good, None):
        assert breaches({"t": kind}, value) == [], value
    for value in bad:
        assert breaches({"t": kind}, value) == [(Breach.INVALID, "it")], value


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ({"t": "s", "e": ["A", "B"]}, "A", "C"),
        ({"t": "s", "re": "^a+$"}, "aa", "ab"),
        ({"t": "i", "lo": 1, "hi": 3}, 3, 4),
        ({"t": "i", "lo": 1}, 1, 0),
        ({"t": "s", "sl": 1, "sh": 2}, "ab", "abc"),
        ({"t": "a", "al": 1}, [1], []),
        ({"t": "a", "ah": 1}, [1], [1, 2]),
    ],
)
def test_limits(rule: dict[str, Any], good: Any, bad: Any) -> None:
    assert breaches(rule, good) == []
    assert breaches(rule, bad) == [(Breach.INVALID, "it")]


def test_maps_are_closed_unless_they_say_otherwise() -> None:
    text = {"t": "s"}
    assert breaches({"t": "o", "p": {"a": 1}}, {"a": "x", "b": 1}, text) == [(Breach.UNKNOWN, "it.b")]
    assert breaches({"t": "o", "p": {"a": 1}, "u": 1}, {"b": 1}, text) == []
    assert breaches({"t": "o", "m": 1}, {"any.thing": 7}, text) == [(Breach.INVALID, "it.any\\.thing")]
    assert breaches({"t": "o", "p": {"a": 1}, "r": ["a"]}, {"a": None}, text) == [(Breach.INVALID, "it.a")]


def test_lists_that_are_maps_hold_each_name_once() -> None:
    table: dict[str, Any] = {"t": "a", "i": 1, "k": ["name", "protocol"]}
    entry: dict[str, Any] = {"t": "o", "u": 1}
    twice = [{"name": "a"}, {"name": "a", "protocol": "UDP"}, {"name": "a"}]
    assert breaches(table, twice, entry) == [(Breach.DUPLICATE, "it[2]")]
