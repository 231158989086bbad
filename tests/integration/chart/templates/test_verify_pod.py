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
ENTRY = f"applications:\n  {NAME}:\n    "
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
        "maxSurge: 0%, and strategy.rollingUpdate.maxUnavailable 0, leave no step to take",
        "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}",
    ),
    "a canary without a step": (
        "strategy: {type: Canary, rollingUpdate: {maxSurge: 0}}",
        "maxSurge: 0, and strategy.rollingUpdate.maxUnavailable 0, leave no step to take",
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
    "a folder that is mounted twice": (
        "volumeMounts: [{name: tmp, mountPath: /x}, {name: tmp, mountPath: /x}]",
        "volumeMounts[1]: /x is where tmp is mounted already; choose another folder",
        "volumeMounts: [{name: tmp, mountPath: /x}, {name: tmp, mountPath: /x/y}]",
    ),
    "a mount over the chart's own": (
        "volumes: [{name: x, emptyDir: {}}], volumeMounts: [{name: x, mountPath: /data}]",
        "volumeMounts[0]: /data is where data is mounted already",
        "database: false, volumes: [{name: x, emptyDir: {}}], volumeMounts: [{name: x, mountPath: /data}]",
    ),
    "a volume that is the chart's": (
        "volumes: [{name: tmp, emptyDir: {}}]",
        "volumes[0]: there is a volume tmp already; give it another name",
        "volumes: [{name: tmp-2, emptyDir: {}}]",
    ),
    "a volume that is there twice": (
        "volumes: [{name: x, emptyDir: {}}, {name: x, emptyDir: {}}]",
        "volumes[1]: there is a volume x already",
        "volumes: [{name: x, emptyDir: {}}, {name: z, emptyDir: {}}]",
    ),
    "an init container that is the chart's": (
        "initContainers: [{name: migrate, image: 'x:1'}]",
        "initContainers: migrate is the migration's name; choose another one",
        "migrations: false, initContainers: [{name: migrate, image: 'x:1'}]",
    ),
    "an init container that is there twice": (
        "initContainers: [{name: x, image: 'x:1'}, {name: x, image: 'x:1'}]",
        "initContainers: x is another one's name; choose another one",
        "initContainers: [{name: x, image: 'x:1'}, {name: z, image: 'x:1'}]",
    ),
    "an init container with the application's name": (
        f"initContainers: [{{name: {NAME}, image: 'x:1'}}]",
        f"initContainers: {NAME} is its own container's name",
        f"initContainers: [{{name: {NAME}-2, image: 'x:1'}}]",
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


# what a plain helm is told of blocks, whose addresses only arithmetic compares
BLOCKS = {
    "webhooks: {allow: [10.1.2.3/8]}": "webhooks.allow: 10.1.2.3/8 has bits set beyond its prefix",
    "networkPolicy: {egress: [{to: [{ipBlock: {cidr: 10.0.1.5/24}}]}]}": "egress: 10.0.1.5/24 has bits set",
    "networkPolicy: {from: [{ipBlock: {cidr: 10.0.1.5/24}}]}": "from: 10.0.1.5/24 has bits set",
    "networkPolicy: {from: [{ipBlock: {cidr: 10.0.0.0/8, except: [192.168.0.0/16]}}]}": (
        "from: 192.168.0.0/16 is no part of 10.0.0.0/8"
    ),
    "networkPolicy: {from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}": "is no part of",
    "networkPolicy: {from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.255.0.1/16]}}]}": "has bits set",
}
SOUND = [
    "webhooks: {allow: [10.0.0.0/8, 1.2.3.4, shop.example, 'fd00::/64', '::1']}",
    "networkPolicy: {from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.255.0.0/16, 10.0.0.0/32]}}]}",
    "networkPolicy: {egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: 255.255.255.255/32}}]}]}",
]


@pytest.mark.bad
@pytest.mark.parametrize("text", BLOCKS)
def test_a_plain_helm_is_told_a_block_that_is_none(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        helm.render(CHART, helm.parse_yaml(of(text)), RELEASE)
    assert BLOCKS[text] in caught.value.message
    assert caught.value.message.startswith(f"applications.{NAME}.")


@pytest.mark.bad
@pytest.mark.parametrize("key", ["ingressCidrs", "databaseCidrs", "awsCidrs"])
def test_a_plain_helm_is_told_a_network_of_the_environment_that_is_none(key: str) -> None:
    values = {"networkPolicy": {key: ["10.0.0.0/24", "10.0.1.5/24"]}}
    with pytest.raises(ConfigurationError, match=f"networkPolicy.{key}: 10.0.1.5/24 has bits set"):
        helm.render(CHART, values, RELEASE)


@pytest.mark.off
@pytest.mark.parametrize("text", SOUND)
def test_blocks_that_are_sound_pass(text: str) -> None:
    assert helm.render(CHART, helm.parse_yaml(of(text)), RELEASE)


@pytest.mark.bad
def test_a_plain_helm_is_told_an_entry_that_is_none() -> None:
    with pytest.raises(ConfigurationError) as caught:
        helm.render(CHART, {"applications": [None]}, RELEASE)
    assert "nil pointer" not in str(caught.value)
    assert "applications" in caught.value.message


@pytest.mark.off
def test_what_a_null_deletes_may_be_given_again_by_the_application() -> None:
    values = {"defaults": {"replicas": None}, "applications": {NAME: {"replicas": 3}}}
    files = helm.render(CHART, values, RELEASE)
    assert "replicas: 3" in files["my-app/templates/deployment.yaml"]


@pytest.mark.on
@pytest.mark.parametrize("parts", [("limits",), ("requests", "limits")])
@pytest.mark.parametrize(("name", "amount"), [("nvidia.com/gpu", "1"), ("hugepages-2Mi", "4Mi")])
def test_what_cannot_be_shared_is_handed_on(render, name: str, amount: str, parts: tuple[str, ...]) -> None:
    said = "".join(f"      {part}: {{{name}: {amount}}}\n" for part in parts)
    assert f"{name}: {amount}" in render(ENTRY + f"resources:\n{said}").rendered.manifests


@pytest.mark.bad
@pytest.mark.parametrize("limits", ["{}", "{nvidia.com/gpu: 2}"])
def test_what_cannot_be_shared_is_limited_to_what_is_asked(refused, limits: str) -> None:
    text = f"resources:\n      limits: {limits}\n      requests:\n        nvidia.com/gpu: 1\n"
    message = refused(ENTRY + text, line=6)
    assert "requests.nvidia\\.com/gpu: 1 is not what resources.limits says" in message


@pytest.mark.bad
@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("limits: {memory: 512}", " (512 is bytes; 512Mi are megabytes)"),
        ("limits: {memory: 512m}", " (512m is thousandths of a byte; 512Mi are megabytes)"),
        ("requests: {cpu: 100}", " (100 is whole processors; 100m are thousandths)"),
        ("limits: {memory: 64Mi}", "or lower resources.requests.memory"),
        ("requests: {cpu: 2}", "or raise resources.limits.cpu"),
    ],
)
def test_a_forgotten_unit_is_told_beside_the_order(refused, said: str, end: str) -> None:
    assert refused(ENTRY + f"resources:\n      {said}\n", line=4).endswith(end)


@pytest.mark.bad
@pytest.mark.parametrize("amount", ["3Mi", "2097153", "2M"])
def test_huge_pages_are_whole_pages(refused, amount: str) -> None:
    message = refused(ENTRY + f"resources:\n      limits: {{hugepages-2Mi: {amount}}}\n", line=4)
    assert f"limits.hugepages-2Mi: {amount} is no whole number of pages of 2Mi each" in message


@pytest.mark.override
@pytest.mark.parametrize("amount", ["4Mi", "2097152", "2048Ki", "0", "1Gi"])
def test_whole_pages_may_be_said_in_any_unit(render, amount: str) -> None:
    resources = render(ENTRY + f"resources:\n      limits: {{hugepages-2Mi: {amount}}}\n").container()[
        "resources"
    ]
    assert str(resources["limits"]["hugepages-2Mi"]) == amount


@pytest.mark.bad
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("nvidia.com/gpu: 0.5", "0.5 is a number, not text or a whole number"),
        ("nvidia.com/gpu: 500m", "'500m' does not look like"),
        ("{nvidia.com/gpu: 1, memroy: 1Gi}", "memroy: unknown key; did you mean memory?"),
        ("hugepages-2: 4Mi", "hugepages-2: unknown key"),
        ("gpu: 1", "gpu: unknown key"),
    ],
)
def test_devices_are_whole_and_other_names_stay_unknown(refused, said: str, words: str) -> None:
    inner = said if said.startswith("{") else f"{{{said}}}"
    assert words in refused(ENTRY + f"resources:\n      limits: {inner}\n", line=4)
