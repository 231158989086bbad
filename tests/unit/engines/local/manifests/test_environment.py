"""Variables of a container."""

import pytest

from flaskship.engines.local.spec import EnvEntry, EnvFrom, FieldRef, KeyRef, ResourceRef

C = "Deployment/web: spec.template.spec.containers[0]"


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ({"value": "1"}, "1"),
        ({}, ""),
        ({"value": None}, ""),
        ({"value": "$(X) $$"}, "$(X) $$"),
        ({"valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}, KeyRef("ConfigMap", "c", "k")),
        (
            {"value": "", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}},
            KeyRef("Secret", "s", "k", True),
        ),
        ({"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}, FieldRef("status.podIP")),
        (
            {"valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}},
            FieldRef("metadata.labels['a']"),
        ),
        ({"valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}, ResourceRef("limits.cpu")),
        (
            {
                "valueFrom": {
                    "resourceFieldRef": {
                        "resource": "limits.memory",
                        "divisor": "1Mi",
                        "containerName": "web",
                    }
                }
            },
            ResourceRef("limits.memory", "1Mi", "web"),
        ),
        (
            {"valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": 0}}},
            ResourceRef("limits.cpu", "1"),
        ),
    ],
)
def test_sources(with_container, deployment, entry, source):
    [found] = deployment(with_container(env=[{"name": "A", **entry}])).template.main.env
    assert found == EnvEntry("A", source)


def test_a_later_variable_of_the_same_name_is_kept(with_container, deployment):
    env = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    assert [entry.source for entry in deployment(with_container(env=env)).template.main.env] == ["1", "2"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"configMapRef": {"name": "c"}}, EnvFrom("ConfigMap", "c")),
        (
            {"secretRef": {"name": "s", "optional": True}, "prefix": "P_"},
            EnvFrom("Secret", "s", "P_", True),
        ),
    ],
)
def test_whole_maps(with_container, deployment, entry, expected):
    assert deployment(with_container(envFrom=[entry])).template.main.env_from == (expected,)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"env": [{"value": "1"}]}, ".env[0].name: is missing"),
        ({"env": [{"name": ""}]}, ".env[0].name: is no name"),
        ({"env": [{"name": "A=B"}]}, ".env[0].name: is no name"),
        ({"env": [{"name": "A", "value": 5000}]}, ".env[0].value: text is expected, not a whole number"),
        ({"env": [{"name": "A", "value": True}]}, ".env[0].value: text is expected, not true or false"),
        (
            {"env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
            ".env[0]: value and valueFrom exclude each other",
        ),
        ({"env": [{"name": "A", "valueFrom": {}}]}, ".env[0].valueFrom: exactly one of configMapKeyRef"),
        (
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]},
            ".env[0].valueFrom.secretKeyRef.key: is missing",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.containers"}}}]},
            ".env[0].valueFrom.fieldRef.fieldPath: 'spec.containers' is no field",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}}]},
            ".env[0].valueFrom.fieldRef.fieldPath: metadata.labels as a whole is for volumes only",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "cpu"}}}]},
            ".env[0].valueFrom.resourceFieldRef.resource: 'cpu' is none of limits.cpu",
        ),
        (
            {
                "env": [
                    {
                        "name": "A",
                        "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "x"}},
                    }
                ]
            },
            ".env[0].valueFrom.resourceFieldRef.divisor: 'x' is no divisor",
        ),
        ({"envFrom": [{}]}, ".envFrom[0]: exactly one of configMapRef, secretRef"),
        (
            {"envFrom": [{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}}]},
            ".envFrom[0]: exactly one of",
        ),
    ],
)
def test_what_is_refused(with_container, refuse, fields, sentence):
    assert refuse(with_container(**fields)).startswith(C + sentence)


def test_a_value_never_appears_in_an_error(with_container, refuse):
    refused = refuse(with_container(env=[{"name": "PIN", "value": 731_946}]))
    assert "731946" not in refused
