"""What an API server refuses of a pod although its schema takes it, each with a near miss that it takes."""

import json
from typing import Any

import pytest

from flaskship.policy.kubernetes.pods import refused_of_pods
from flaskship.policy.kubernetes.refused import refused
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.node import Node
from flaskship.policy.objects import Object


def deployment(**spec: Any) -> Object:
    template = {"spec": {"containers": [{"name": "main", "image": "a:1"}], **spec}}
    return Object(Node({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}}), None)


def init(**more: Any) -> Object:
    return deployment(initContainers=[{"name": "a", "image": "x:1", **more}])


def volume(**source: Any) -> Object:
    return deployment(volumes=[{"name": "v", **source}])


def token(seconds: int) -> Object:
    return volume(
        projected={"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": seconds}}]}
    )


def downward(path: str) -> dict[str, Any]:
    return {"items": [{"path": "a", "fieldRef": {"fieldPath": path}}]}


def mount(container: dict[str, Any] | None = None, **more: Any) -> Object:
    return init(volumeMounts=[{"name": "v", "mountPath": "/v", **more}], **(container or {}))


def apart(when: str, term: dict[str, Any]) -> Object:
    return deployment(affinity={"podAntiAffinity": {f"{when}DuringSchedulingIgnoredDuringExecution": [term]}})


def projected(*sources: dict[str, Any]) -> Object:
    return volume(projected={"sources": list(sources)})


def source(kind: str, path: str) -> dict[str, Any]:
    return {kind: {"name": "a", "items": [{"key": "a", "path": path}]}}


VALUE = {"fieldRef": {"fieldPath": "metadata.name"}}
PROBE = {"tcpSocket": {"port": 1}}
HOOK = {"preStop": {"sleep": {"seconds": 1}}}


@pytest.mark.parametrize(
    ("broken", "sound", "at"),
    [
        (init(lifecycle=HOOK), init(lifecycle=HOOK, restartPolicy="Always"), "lifecycle"),
        (init(livenessProbe=PROBE), init(livenessProbe=PROBE, restartPolicy="Always"), "livenessProbe"),
        (init(env=[{"name": "a=b"}]), init(env=[{"name": "a.b-c"}]), "env[0].name"),
        (
            init(env=[{"name": "a", "value": "b", "valueFrom": VALUE}]),
            init(env=[{"name": "a", "value": "", "valueFrom": VALUE}]),
            "env[0].valueFrom",
        ),
        (
            init(env=[{"name": "a", "valueFrom": {}}]),
            init(env=[{"name": "a", "valueFrom": VALUE}]),
            "env[0].valueFrom",
        ),
        (init(ports=[{"containerPort": 0}]), init(ports=[{"containerPort": 65535}]), "containerPort"),
        (
            init(ports=[{"containerPort": 1, "hostPort": 65536}]),
            init(ports=[{"containerPort": 1, "hostPort": 0}]),
            "hostPort",
        ),
        (
            init(ports=[{"containerPort": 1, "name": "a_b"}]),
            init(ports=[{"containerPort": 1, "name": "a-b"}]),
            "name",
        ),
        (
            init(terminationMessagePolicy="Foo"),
            init(terminationMessagePolicy="File"),
            "terminationMessagePolicy",
        ),
        (init(imagePullPolicy="Sometimes"), init(imagePullPolicy="Never"), "imagePullPolicy"),
        (
            deployment(initContainers=[{"name": "a", "image": " x:1"}]),
            deployment(initContainers=[{"name": "a", "image": "x:1"}]),
            "image",
        ),
        (volume(emptyDir={"sizeLimit": "-1"}), volume(emptyDir={"sizeLimit": "1Mi"}), "sizeLimit"),
        (token(5), token(600), "expirationSeconds"),
        (
            volume(downwardAPI=downward("status.foo")),
            volume(downwardAPI=downward("metadata.uid")),
            "fieldPath",
        ),
        (
            volume(projected={"sources": [{"downwardAPI": downward("spec.nodeName")}]}),
            volume(projected={"sources": [{"downwardAPI": downward("metadata.labels['a']")}]}),
            "fieldPath",
        ),
        (
            volume(configMap={"name": "a", "items": [{"key": "a", "path": "../b"}]}),
            volume(configMap={"name": "a", "items": [{"key": "a", "path": "a..b/c"}]}),
            "path",
        ),
        (
            mount(mountPropagation="Bidirectional"),
            mount({"securityContext": {"privileged": True}}, mountPropagation="Bidirectional"),
            "mountPropagation",
        ),
        (
            mount(recursiveReadOnly="Enabled"),
            mount(recursiveReadOnly="Enabled", readOnly=True),
            "recursiveReadOnly",
        ),
        (
            mount(recursiveReadOnly="IfPossible", readOnly=True, mountPropagation="HostToContainer"),
            mount(recursiveReadOnly="Disabled", mountPropagation="HostToContainer"),
            "recursiveReadOnly",
        ),
        (init(restartPolicy="Sometimes"), init(restartPolicy="Always"), "restartPolicy"),
        (
            init(resources={"requests": {"cpu": "-1"}}),
            init(resources={"requests": {"cpu": "0"}}),
            "requests.cpu",
        ),
        (
            init(resources={"limits": {"memory": -1}}),
            init(resources={"limits": {"memory": 1}}),
            "limits.memory",
        ),
        (
            init(ports=[{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]),
            init(ports=[{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "b"}]),
            "ports[1].name",
        ),
        (
            volume(secret={"secretName": "a", "defaultMode": 1000}),
            volume(secret={"secretName": "a", "defaultMode": 0o777}),
            "defaultMode",
        ),
        (volume(projected={"defaultMode": -1}), volume(projected={"defaultMode": 0}), "defaultMode"),
        (
            volume(configMap={"name": "a", "items": [{"key": "a", "path": "a", "mode": 512}]}),
            volume(configMap={"name": "a", "items": [{"key": "a", "path": "a", "mode": 511}]}),
            "mode",
        ),
        (volume(secret={}), volume(secret={"secretName": "a"}), "secretName"),
        (volume(configMap={}), volume(configMap={"name": "a"}), "configMap.name"),
        (
            projected({"secret": {}}),
            projected({"secret": {"name": "a"}}),
            "secret.name",
        ),
        (
            projected(source("secret", "a"), source("configMap", "a")),
            projected(source("secret", "a"), source("configMap", "b")),
            "sources[1].configMap.items[0].path",
        ),
        (
            projected(source("secret", "a") | source("configMap", "b")),
            projected(source("secret", "a"), source("configMap", "b")),
            "sources[0]",
        ),
        (
            apart("required", {"topologyKey": "a/b/c"}),
            apart("required", {"topologyKey": "a/b"}),
            "topologyKey",
        ),
        (
            apart("preferred", {"podAffinityTerm": {"topologyKey": "é"}}),
            apart("preferred", {"podAffinityTerm": {"topologyKey": "e"}}),
            "topologyKey",
        ),
    ],
)
def test_what_the_validation_refuses_is_told_at_its_field(broken: Object, sound: Object, at: str) -> None:
    (violation,) = refused_of_pods(broken)
    assert violation.path.endswith(at)
    assert list(refused_of_pods(sound)) == []


def test_it_is_refused_by_every_minor() -> None:
    found = [(one.path, minors) for one, minors in refused(load_table(), token(5)) if "Seconds" in one.path]
    (place,) = found
    assert place[1] == "every supported Kubernetes (1.30 to 1.37)"


@pytest.mark.parametrize(
    ("one", "minors"),
    [
        (init(restartPolicy="Never"), "Kubernetes 1.30 to 1.34"),
        (deployment(containers=[{"name": "a", "restartPolicy": "Always"}]), "Kubernetes 1.30 to 1.34"),
        (init(restartPolicy="Sometimes"), "every supported Kubernetes (1.30 to 1.37)"),
    ],
)
def test_a_restart_policy_is_refused_by_the_minors_that_do_not_know_it(one: Object, minors: str) -> None:
    found = [told for violation, told in refused(load_table(), one) if "restartPolicy" in violation.path]
    assert found == [minors]


@pytest.mark.parametrize("amount", ["lots", "", "1 Mi", "1mi", "0x10", "1e"])
def test_what_is_no_quantity_is_told_wherever_one_stands(amount: str) -> None:
    broken = volume(emptyDir={"sizeLimit": amount})
    (violation,) = (one for one, _ in refused(load_table(), broken) if "sizeLimit" in one.path)
    assert "is no quantity" in violation.message


@pytest.mark.parametrize("amount", ["1", "1.5Gi", "+1", ".5", "1e3", "100m", 1, 1.5])
def test_a_quantity_is_taken(amount: Any) -> None:
    sound = volume(emptyDir={"sizeLimit": amount})
    assert not [one for one, _ in refused(load_table(), sound) if "sizeLimit" in one.path]


@pytest.mark.parametrize(
    "spec", [None, [], "x", {"initContainers": {}, "containers": [1], "volumes": [None]}]
)
def test_what_is_of_another_type_is_the_schemas_business(spec: Any) -> None:
    content = json.loads(json.dumps({"kind": "Pod", "apiVersion": "v1", "spec": spec}))
    assert list(refused_of_pods(Object(Node(content), None))) == []
