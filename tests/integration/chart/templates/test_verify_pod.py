"""_verify_pod.tpl: what Kubernetes would refuse is told, and to a plain helm what a null took."""

import json
from pathlib import Path
from typing import Any

import pytest

from flaskship.chart import helm
from flaskship.model.errors import ConfigurationError

CHART = Path(__file__).resolve().parents[4] / "infra" / "helmchart"
COMPLETE: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())["$defs"]["complete"]
NAME = "my-tomorrows-api"
RELEASE = helm.ReleaseFacts("dev-apps", "my-app-dev")


def of(text: str) -> str:
    return f"applications:\n  {NAME}: {{{text}}}\n"


# what is refused, the sentence's essence, what is allowed instead
RULES = {
    "a request above the inherited limit": (
        "resources: {requests: {cpu: 1100m}}",
        "resources.requests.cpu: 1100m is above the limit of 1",
        "resources: {requests: {cpu: 1000m}}",
    ),
    "a limit below the inherited request": (
        "resources: {limits: {memory: 64Mi}}",
        "resources.limits.memory: 64Mi is below the request of 128Mi",
        "resources: {limits: {memory: 128Mi}}",
    ),
    "a request above the limit, in units of their own": (
        "resources: {requests: {memory: 0.6Gi}, limits: {memory: 640M}}",
        "resources.requests.memory: 0.6Gi is above the limit of 640M",
        "resources: {requests: {memory: 0.5Gi}, limits: {memory: 512Mi}}",
    ),
    "a request in bytes": (
        "resources: {requests: {memory: 600000000}}",
        "resources.requests.memory: 600000000 is above the limit of 512Mi",
        "resources: {requests: {memory: 500000000}}",
    ),
    "readiness that lasts as long as the deadline": (
        "minReadySeconds: 3600",
        "minReadySeconds 3600 must be less than progressDeadlineSeconds",
        "minReadySeconds: 20",
    ),
    "a deadline as short as readiness": (
        "minReadySeconds: 5, progressDeadlineSeconds: 5",
        "minReadySeconds 5 must be less than progressDeadlineSeconds 5",
        "minReadySeconds: 5, progressDeadlineSeconds: 6",
    ),
    "a rollout without a step": (
        "strategy: {rollingUpdate: {maxSurge: 0%, maxUnavailable: 0}}",
        "maxSurge 0% and maxUnavailable 0 leave no step to take",
        "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}",
    ),
    "a canary without a step": (
        "strategy: {type: Canary, rollingUpdate: {maxSurge: 0}}",
        "maxSurge 0 and maxUnavailable 0 leave no step to take",
        "strategy: {type: BlueGreen, rollingUpdate: {maxSurge: 0}}",
    ),
    "a toleration that compares what it does not compare": (
        "tolerations: [{key: a, operator: Exists, value: b}]",
        "operator Exists compares no value, and one has b",
        "tolerations: [{key: a, operator: Exists}, {key: a, value: b}]",
    ),
    "a toleration of everything that compares": (
        "tolerations: [{value: b}]",
        "one without key means every taint, which needs operator Exists",
        "tolerations: [{operator: Exists}]",
    ),
    "a toleration for a while of what evicts nobody": (
        "tolerations: [{key: a, tolerationSeconds: 5}]",
        "tolerationSeconds has a meaning for effect NoExecute alone",
        "tolerations: [{key: a, tolerationSeconds: 5, effect: NoExecute}]",
    ),
    "a mount of no volume": (
        "volumeMounts: [{name: x, mountPath: /x}]",
        "there is no volume x; add it to volumes, beside tmp",
        "volumes: [{name: x}], volumeMounts: [{name: x, mountPath: /x}, {name: tmp, mountPath: /y}]",
    ),
    "a label that is the chart's": (
        "podLabels: {app.kubernetes.io/name: x}",
        "podLabels: app.kubernetes.io/name is set by the chart already",
        "podLabels: {app.kubernetes.io/version: x}",
    ),
    "an annotation of the service that is the chart's": (
        "service: {annotations: {flaskship.dev/writer: x}}",
        "service.annotations: flaskship.dev/writer is set by the chart already",
        "service: {annotations: {example.com/writer: x}}",
    ),
    "an annotation of the account that is the chart's": (
        "serviceAccount: {annotations: {flaskship.dev/writer: x}}",
        "serviceAccount.annotations: flaskship.dev/writer is set by the chart already",
        "serviceAccount: {annotations: {example.com/writer: x}}",
    ),
}


@pytest.mark.on
@pytest.mark.bad
@pytest.mark.parametrize("name", RULES)
def test_it_is_refused_where_it_stands(refused, name: str) -> None:
    bad, words, _ = RULES[name]
    message = refused(of(bad), line=2)
    assert words in message
    assert message.startswith(f"applications.{NAME}.")


@pytest.mark.off
@pytest.mark.override
@pytest.mark.parametrize("name", RULES)
def test_its_near_miss_renders(render, name: str) -> None:
    assert render(of(RULES[name][2])).all("Service")


def paths(rules: dict[str, Any], at: str = "") -> list[str]:
    own = [f"{at}{key}" for key in rules.get("required", ())]
    return own + [
        one for key, inner in rules.get("properties", {}).items() for one in paths(inner, f"{at}{key}.")
    ]


def nested(path: str, value: object) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.bad
@pytest.mark.parametrize("path", paths(COMPLETE))
def test_a_plain_helm_is_told_what_a_null_deleted(path: str) -> None:
    sentence = f"applications.{NAME}.{path}: is required and missing; a null deletes what would be inherited"
    for values in (
        nested(f"applications.{NAME}.{path}", None),
        {**nested(f"defaults.{path}", None), **nested(f"roles.api.{path}", None), "applications": {NAME: {}}},
    ):
        with pytest.raises(ConfigurationError) as caught:
            helm.render(CHART, values, RELEASE)
        assert caught.value.message == sentence


@pytest.mark.off
def test_what_a_null_deletes_may_be_given_again_by_the_application() -> None:
    values = {"defaults": {"replicas": None}, "applications": {NAME: {"replicas": 3}}}
    files = helm.render(CHART, values, RELEASE)
    assert "replicas: 3" in files["my-app/templates/deployment.yaml"]
