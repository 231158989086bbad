"""What Kubernetes would refuse inside of its own forms is told before anything is rendered."""

import pytest
from tests.integration.chart.conftest import ROOT

from flaskship.chart import helm
from flaskship.chart.project import load_project
from flaskship.chart.values import layer_values
from flaskship.model.errors import ConfigurationError

API = "applications:\n  my-tomorrows-api:\n    "


def _init(more: str) -> str:
    return f"[{{name: a, image: 'x:1', {more}}}]"


INSIDE = {
    "initContainers": [
        _init("restartPolicy: Sometimes"),
        _init("restartPolicy: Never"),
        _init("resources: {requests: {cpu: '-1'}}"),
        _init("resources: {limits: {memory: -1}}"),
        _init("resources: {limits: {memory: lots}}"),
        _init("ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]"),
        _init("volumeMounts: [{name: tmp, mountPath: /x, mountPropagation: Bidirectional}]"),
        _init("volumeMounts: [{name: tmp, mountPath: /x, mountPropagation: Both}]"),
        _init("volumeMounts: [{name: tmp, mountPath: /x, recursiveReadOnly: Enabled}]"),
        _init("volumeMounts: [{name: tmp, mountPath: /x, subPath: a, subPathExpr: b}]"),
        _init("volumeMounts: [{name: tmp}]"),
    ],
    "config": [f"{{{'A' * 254}: x}}"],
    "topologySpread": ["{topologyKey: a b}", "{topologyKey: -zone}", "{topologyKey: a/b/c}"],
    "ingress": ["{host: 1.2.3.4}"],
    "tolerations": ["[{key: 'a b', operator: Exists}]", "[{key: a, value: 'a b'}]", "[{key: a, value: -a}]"],
    "volumes": [
        "[{name: A_B, emptyDir: {}}]",
        f"[{{name: {'a' * 64}, emptyDir: {{}}}}]",
        "[{name: x, emptyDir: {}, configMap: {name: y}}]",
        "[{name: x, emptyDir: {sizeLimit: lots}}]",
        "[{name: x, emptyDir: {sizeLimit: -1Mi}}]",
        "[{name: x, configMap: {}}]",
        "[{name: x, secret: {}}]",
        "[{name: x, secret: {secretName: ''}}]",
        "[{name: x, configMap: {name: y, defaultMode: 1000}}]",
        "[{name: x, secret: {secretName: y, items: [{key: a, path: b, mode: 512}]}}]",
        "[{name: x, downwardAPI: {defaultMode: -1}}]",
        "[{name: x, projected: {defaultMode: 1000}}]",
        "[{name: x, projected: {sources: [{secret: {name: a}, configMap: {name: b}}]}}]",
        "[{name: x, projected: {sources: [{secret: {}}]}}]",
        "[{name: x, projected: {sources: [{secret: {name: a, items: [{key: a, path: p}]}}, "
        "{configMap: {name: b, items: [{key: a, path: p}]}}]}}]",
    ],
    "volumeMounts": [
        "[{name: tmp, mountPath: /x, subPath: ../b}]",
        "[{name: tmp, mountPath: /x, subPath: a/..}]",
        "[{name: tmp, mountPath: /x, subPath: /a}]",
        "[{name: tmp, mountPath: /x, subPath: a, subPathExpr: b}]",
        "[{name: tmp, mountPath: /x, recursiveReadOnly: Enabled}]",
        "[{name: tmp, mountPath: /x, recursiveReadOnly: IfPossible, readOnly: false}]",
        "[{name: tmp, mountPath: /x, recursiveReadOnly: Enabled, readOnly: true, "
        "mountPropagation: HostToContainer}]",
        "[{name: tmp, mountPath: /x, mountPropagation: Bidirectional}]",
    ],
    "networkPolicy": [
        "{egress: [{ports: [{port: 20, endPort: 10}]}]}",
        "{egress: [{ports: [{port: http, endPort: 10}]}]}",
        "{egress: [{ports: [{endPort: 10}]}]}",
        "{egress: [{ports: [{port: 0}]}]}",
        "{egress: [{ports: [{port: 'a b'}]}]}",
        "{egress: [{ports: [{port: a--b}]}]}",
        "{egress: [{ports: [{port: '80'}]}]}",
        "{egress: [{to: [{}]}]}",
        "{egress: [{to: [{ipBlock: {cidr: 10.0.1.5/24}}]}]}",
        "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.1.5/24]}}]}]}",
        "{from: [{ipBlock: {cidr: 'fd00::5/64'}}]}",
        "{egress: [{to: [{ipBlock: {cidr: 'fd00::/64', except: ['fd01::/96']}}]}]}",
        "{egress: [{to: [{ipBlock: {cidr: 'fd00::/64', except: ['fd00::/64']}}]}]}",
        "{egress: [{to: [{ipBlock: {cidr: 'fd00::/64', except: ['10.0.0.0/8']}}]}]}",
        "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}",
        "{from: [{}]}",
        "{from: [{podSelector: {matchLabels: {'a b': x}}}]}",
        "{from: [{podSelector: {matchLabels: {a: 'x y'}}}]}",
        "{from: [{podSelector: {matchExpressions: [{key: a, operator: In}]}}]}",
        "{from: [{podSelector: {matchExpressions: [{key: a, operator: In, values: []}]}}]}",
        "{from: [{namespaceSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}]}",
    ],
    "affinity": [
        "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}",
        "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
        "{nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In}]}]}}}",
        "{podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: ''}]}}",
        "{podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: "
        "[{weight: 0, podAffinityTerm: {topologyKey: zone}}]}}",
        "{podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: "
        "[{weight: 101, podAffinityTerm: {topologyKey: zone}}]}}",
        "{podAffinity: {requiredDuringScheduling: []}}",
        *(
            "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
            f"{{nodeSelectorTerms: [{{{one}}}]}}}}}}"
            for one in (
                "matchExpressions: [{key: a, operator: Gt, values: ['1', '2']}]",
                "matchExpressions: [{key: a, operator: Lt, values: [b]}]",
                "matchFields: [{key: metadata.name, operator: In, values: [A B]}]",
                "matchFields: [{key: metadata.name, operator: In}]",
            )
        ),
        *(
            "{podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
            f"[{{topologyKey: z, {one}}}]}}}}"
            for one in (
                "matchLabelKeys: [x]",
                "mismatchLabelKeys: [x]",
                "labelSelector: {}, mismatchLabelKeys: [x, x]",
                "labelSelector: {}, matchLabelKeys: [x, x]",
                "labelSelector: {matchLabels: {q: z}}, matchLabelKeys: [x], mismatchLabelKeys: [x]",
                "labelSelector: {matchLabels: {x: z}}, matchLabelKeys: [x]",
                "labelSelector: {matchExpressions: [{key: x, operator: Exists}]}, mismatchLabelKeys: [x]",
            )
        ),
    ],
    "envFrom": [
        "[{}]",
        "[{prefix: A}]",
        "[{configMapRef: {name: a}, secretRef: {name: b}}]",
        "[{configMapRef: {name: A_B}}]",
    ],
    "env": [
        "{A: {valueFrom: {fieldRef: {fieldPath: metadata.nope}}}}",
        "{A: {valueFrom: {fieldRef: {fieldPath: 'metadata.labels'}}}}",
        f"{{A: {{valueFrom: {{fieldRef: {{fieldPath: \"metadata.labels['{'a.' * 127}b/c']\"}}}}}}}}",
        "{A: {valueFrom: {resourceFieldRef: {resource: limits.gpu}}}}",
        "{A: {valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: '7'}}}}",
        "{A: {valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1Mi}}}}",
        "{A: {valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1m}}}}",
        "{A: {valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1abc}}}}",
        "{A: {valueFrom: {secretKeyRef: {name: a, key: ..b}}}}",
        "{A: {valueFrom: {secretKeyRef: {name: A_B, key: a}}}}",
        "{A: {valueFrom: {configMapKeyRef: {name: a, key: 'a b'}}}}",
    ],
}


@pytest.mark.parametrize(("part", "value"), [(part, one) for part, every in INSIDE.items() for one in every])
def test_what_kubernetes_would_refuse_inside_of_its_own_forms(refused, part: str, value: str) -> None:
    message = refused(API + f"{part}: {value}\n", line=3)
    assert message.startswith(f"applications.my-tomorrows-api.{part}")


@pytest.mark.parametrize(
    "text",
    [
        "initContainers: "
        + _init("restartPolicy: Always, resources: {requests: {cpu: 1e-1, memory: 1Ei}, limits: {cpu: 0.5}}"),
        "initContainers: "
        + _init(
            "securityContext: {privileged: true}, "
            "volumeMounts: [{name: tmp, mountPath: /x, mountPropagation: Bidirectional}]"
        ),
        "initContainers: " + _init("volumeMounts: [{name: tmp, mountPath: /x, readOnly: true}]"),
        "initContainers: "
        + _init("volumeMounts: [{name: tmp, mountPath: /x, readOnly: true, recursiveReadOnly: Enabled}]"),
        "initContainers: " + _init("ports: [{containerPort: 1, name: a}, {containerPort: 2, name: b}]"),
        "volumes: [{name: x, emptyDir: {sizeLimit: 1.5Gi}}, {name: z, emptyDir: {medium: Memory}}]",
        "volumes: [{name: x, configMap: {name: cm, defaultMode: 0440, "
        "items: [{key: a, path: b, mode: 511}]}}]",
        "volumes: [{name: x, projected: {sources: [{secret: {name: a, items: [{key: a, path: p}]}}, "
        "{configMap: {name: b, items: [{key: a, path: q}]}}, {serviceAccountToken: {path: t}}]}}]",
        f"config: {{{'A' * 253}: x}}",
        "topologySpread: {topologyKey: topology.kubernetes.io/zone}",
        "networkPolicy: {egress: [{to: [{ipBlock: {cidr: 'fd00::/64', except: ['fd00::1:0:0:0/96']}}]}]}",
        "networkPolicy: {egress: [{to: [{ipBlock: {cidr: '2001:db8:0:8000::/49'}}, "
        "{ipBlock: {cidr: '::/0'}}]}]}",
    ],
)
def test_what_kubernetes_takes_of_them_passes(render, text: str) -> None:
    assert render(API + text + "\n").one("Deployment")


def plainly(more: dict[str, object]) -> str:
    """What Helm alone says of values, without anything of ours before it."""
    project = load_project(ROOT)
    values = dict(layer_values(project, project.environment("prod")).merged)
    with pytest.raises(ConfigurationError) as caught:
        helm.render(
            ROOT / "infra" / "helmchart", {**values, **more}, helm.ReleaseFacts("prod-apps", "my-app-prod")
        )
    return str(caught.value)


@pytest.mark.parametrize(
    ("cidr", "closed", "says"),
    [
        ("fd00::5/64", None, "fd00::5/64 has bits set beyond its prefix"),
        ("2001:db8:0:4000::/49", None, "2001:db8:0:4000::/49 has bits set beyond its prefix"),
        ("fd00::/64", "fd00:0:0:1::/65", "fd00:0:0:1::/65 is no part of fd00::/64"),
        ("fd00::/64", "10.0.0.0/8", "10.0.0.0/8 is no part of fd00::/64"),
        ("10.0.0.0/8", "11.0.0.0/16", "11.0.0.0/16 is no part of 10.0.0.0/8"),
    ],
)
def test_a_plain_helm_refuses_a_block_of_either_version(cidr: str, closed: str | None, says: str) -> None:
    block = {"cidr": cidr} | ({"except": [closed]} if closed else {})
    peer = {"networkPolicy": {"egress": [{"to": [{"ipBlock": block}]}]}}
    assert says in plainly({"applications": {"my-tomorrows-api": peer}})


def test_a_plain_helm_refuses_an_entry_of_the_list_whose_name_is_null_in_words() -> None:
    message = plainly({"applications": [{"name": None}]})
    assert "/applications/0/name': got null, want string" in message
    assert "wrong type for value" not in message
