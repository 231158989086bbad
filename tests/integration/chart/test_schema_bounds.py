"""What Helm would change without a word, or Kubernetes would refuse, is told before anything is rendered."""

import json
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from flaskship.chart.border import refuse_impossible_networks
from flaskship.model.errors import ConfigurationError

SCHEMA_TEXT = (Path(__file__).resolve().parents[3] / "infra" / "helmchart" / "values.schema.json").read_text()
SCHEMA: dict[str, Any] = json.loads(SCHEMA_TEXT)
API = "applications:\n  my-tomorrows-api:\n    "
# The greatest whole number whose neighbours a float tells from it.
EXACT = 2**53 - 1
LONG = "12345678901234567890"
NAMED = ("properties", "patternProperties", "$defs")


def keywords(rules: Any) -> Iterator[str]:
    """Every keyword of the schema; what stands below the ones in NAMED are names."""
    if isinstance(rules, dict):
        for key, inner in rules.items():
            yield key
            for part in inner.values() if key in NAMED else [inner]:
                yield from keywords(part)
    elif isinstance(rules, list):
        for part in rules:
            yield from keywords(part)


def test_the_schema_is_all_of_the_draft_that_it_names() -> None:
    # Draft 07 costs Helm a third less than 2020-12; what it does not know it would leave out without a word.
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Draft7Validator.META_SCHEMA["$schema"]
    known = {*Draft7Validator.META_SCHEMA["properties"], "$defs"}
    assert set(keywords(SCHEMA)) <= known
    assert {"if", "then", "not", "oneOf"} <= set(keywords(SCHEMA))


def test_nothing_stands_beside_a_reference_but_words() -> None:
    # Draft 07 reads nothing beside $ref.
    def beside(rules: Any) -> Iterator[str]:
        if isinstance(rules, dict):
            if isinstance(rules.get("$ref"), str):
                yield from set(rules) - {"$ref", "description"}
            for inner in rules.values():
                yield from beside(inner)
        elif isinstance(rules, list):
            for inner in rules:
                yield from beside(inner)

    assert set(beside(SCHEMA)) == set()


def test_no_key_of_the_schema_stands_twice() -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [key for key, _ in pairs]
        assert len(set(names)) == len(names), names
        return dict(pairs)

    json.loads(SCHEMA_TEXT, object_pairs_hook=once)


@pytest.mark.parametrize("number", [LONG, f"-{LONG}", "9007199254740993", "-9007199254740993", "1e30"])
@pytest.mark.parametrize("part", ["config", "env", "features"])
def test_a_number_that_would_become_another_one_is_refused(refused, part: str, number: str) -> None:
    message = refused(API + f"{part}: {{A: {number}}}\n", line=3)
    assert message == (
        f"applications.my-tomorrows-api.{part}.A: "
        "the number is beyond 9007199254740991 and would become another one; quote it as text"
    )


@pytest.mark.parametrize("part", ["config", "env"])
def test_a_zero_byte_is_refused_which_no_process_can_be_given(refused, part: str) -> None:
    message = refused(API + f'{part}: {{A: "a\\0b"}}\n', line=3)
    assert message.startswith(f"applications.my-tomorrows-api.{part}.A: 'a\\x00b' does not look like")


@pytest.mark.parametrize("number", [EXACT, -EXACT, 10**15])
def test_a_number_that_stays_itself_passes(render, number: int) -> None:
    assert render(API + f"config: {{A: {number}}}\n    env: {{B: {number}}}\n").settings()["A"] == str(number)


def test_a_long_number_in_quotes_passes(render) -> None:
    assert render(API + f"config: {{A: '{LONG}'}}\n").settings()["A"] == LONG


@pytest.mark.parametrize(
    "text",
    [
        f"applications: {{my-tomorrows-api: {{volumes: [{{name: x, csi: {{a: [{LONG}]}}}}]}}}}\n",
        f"applications: {{my-tomorrows-api: {{initContainers: [{{name: x, image: y, a: {LONG}}}]}}}}\n",
        f"extraObjects: [{{apiVersion: v1, kind: ConfigMap, metadata: {{name: x}}, data: {{a: {LONG}}}}}]\n",
    ],
)
def test_a_number_inside_of_free_values_is_refused_too(refused, text: str) -> None:
    assert "would become another one; quote it as text" in refused(text, line=1)


def integers(rules: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(rules, dict):
        if "integer" in rules.get("type", ()):
            yield at, rules
        for key, inner in rules.items():
            yield from integers(inner, f"{at}/{key}")


def test_every_whole_number_of_the_schema_has_bounds_that_are_exact() -> None:
    found = dict(integers(SCHEMA))
    assert len(found) > 50
    beyond = [at for at, one in found.items() if one.get("minimum", -(2**63)) < -EXACT]
    assert beyond + [at for at, one in found.items() if one.get("maximum", 2**63) > EXACT] == []


REFUSED = {
    "podLabels": ["{'a: b': x}", "{'a #b': x}", "{-a: x}", "{a/b/c: x}", "{A.B/c: x}", "{a: 'x y'}"],
    "podAnnotations": ["{'a: b': x}", "{'a #b': x}", "{'': x}", "{a..b/c: x}", f"{{{'a.' * 127}b/c: x}}"],
    "nodeSelector": ["{'a b': x}", "{a: -x}", f"{{a: {'x' * 64}}}"],
    "service": ["{annotations: {'a: b': x}}"],
    "serviceAccount": [
        "{annotations: {'a #b': x}}",
        "{name: a..b}",
        "{rules: [{apiGroups: [], resources: [pods], verbs: [get]}]}",
    ],
    "ingress": ["{host: a..b}", "{host: a.-b}", f"{{subdomain: {'a' * 64}}}"],
    "probes": ["{liveness: {successThreshold: 2}}", "{startup: {successThreshold: 2}}"],
    "autoscaling": [
        "{behavior: {scaleUp: {policies: []}}}",
        "{behavior: {scaleDown: {policies: []}}}",
        "{behavior: {scaleUp: {tolerance: 5%}}}",
        "{behavior: {scaleDown: {tolerance: '-1'}}}",
    ],
    "webhooks": [
        "{allow: ['10.0.0.0/33']}",
        "{allow: ['256.1.1.1']}",
        "{allow: ['1.2']}",
        "{allow: ['a b']}",
        "{allow: ['fe80:::1']}",
        "{allow: [':']}",
        "{allow: ['12345::']}",
        "{allow: ['1:2:3:4:5:6:7:8:9']}",
        "{allow: ['10.1.2.3/8']}",
        "{allow: ['fd00::5/64']}",
    ],
    "image": [
        "{repository: 'foo/bar:1.0'}",
        "{repository: 'bar:1.0'}",
        "{repository: foo//bar}",
        "{repository: 'host:port/bar'}",
        "{repository: 'a:5000/b:5000/c'}",
        "{repository: foo/bar_}",
        "{pullSecrets: [A_B]}",
    ],
}


@pytest.mark.parametrize(("part", "value"), [(part, one) for part, every in REFUSED.items() for one in every])
def test_what_kubernetes_would_refuse_of_an_application(refused, part: str, value: str) -> None:
    message = refused(API + f"{part}: {value}\n", line=3)
    assert message.startswith(f"applications.my-tomorrows-api.{part}.")


TERM = "{key: a, operator: In, values: [b]}"


@pytest.mark.parametrize(
    "text",
    [
        "image: {repository: 'registry.example:5000/team/app'}",
        "image: {repository: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/my_app}",
        "image: {repository: my--app.x}",
        "tolerations: [{operator: Exists}, {key: example.com/a, value: B_c, effect: NoSchedule}]",
        "volumes: [{name: x, emptyDir: {}}]\n    volumeMounts: [{name: x, mountPath: /x, subPath: a..b/c}]",
        "networkPolicy: {egress: [{ports: [{port: 10, endPort: 10}, {port: http-2}, {}]}]}",
        "networkPolicy: {from: [{namespaceSelector: {}, "
        f"podSelector: {{matchExpressions: [{TERM}]}}}}]}}",
        "networkPolicy: {from: [{podSelector: {matchExpressions: [{key: a, operator: Exists}]}}]}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
        f"[{{matchExpressions: [{TERM}, {{key: size, operator: Gt, values: ['1']}}]}}]}}}}}}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
        "[{matchFields: [{key: metadata.name, operator: In, values: [node-1.example]}]}]}}}",
        "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, "
        "labelSelector: {matchLabels: {q: z}}, matchLabelKeys: [x], mismatchLabelKeys: [w]}]}}",
        "volumeMounts: [{name: tmp, mountPath: /x, readOnly: true, recursiveReadOnly: Enabled}]",
        "env: {A: {valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}}",
        "env: {A: {valueFrom: {resourceFieldRef: {resource: requests.memory, divisor: 1Mi}}}}",
        "autoscaling: {behavior: {scaleUp: {tolerance: '0.05'}, scaleDown: {tolerance: 50m}}}",
        f"podLabels: {{{'a.' * 126}b/c: x}}",
        "serviceAccount: {rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}",
        "envFrom: [{prefix: A_, secretRef: {name: a.b}}]",
        "env: {A: {valueFrom: {fieldRef: {fieldPath: \"metadata.labels['app.kubernetes.io/name']\"}}}}",
        "webhooks: {allow: ['fe80::1', '::1/128', '10.0.0.0/8', shop.example]}",
    ],
)
def test_what_kubernetes_takes_passes(render, text: str) -> None:
    assert render(API + text + "\n").one("Deployment")


@pytest.mark.parametrize("key", [".", "..", "..a", "a" * 254])
def test_a_key_that_no_secret_can_have_is_refused(refused, key: str) -> None:
    assert refused(f"secrets:\n  generated:\n    '{key}': x\n", line=3).startswith("secrets.generated.")


def test_a_network_with_host_bits_is_told_the_network_that_it_is_in(refused) -> None:
    assert refused("networkPolicy: {ingressCidrs: [10.0.1.5/24]}\n", line=1) == (
        "networkPolicy.ingressCidrs[0]: 10.0.1.5/24 has bits set beyond its prefix; write 10.0.1.0/24"
    )


CIDR = SCHEMA["$defs"]["peer"]["properties"]["ipBlock"]["properties"]["cidr"]["pattern"]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.from_regex(CIDR.replace("$", r"\Z"), alphabet=st.characters(codec="ascii")))
def test_what_looks_like_a_network_is_one(text: str) -> None:
    assert ip_network(text, strict=False)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.ip_addresses(), st.integers(0, 128))
def test_a_network_passes_the_border_where_kubernetes_takes_it(
    address: IPv4Address | IPv6Address, length: int
) -> None:
    text = f"{address}/{min(length, address.max_prefixlen)}"
    network = ip_network(text, strict=False)
    mapped = isinstance(address, IPv6Address) and network.network_address.ipv4_mapped
    values = {"networkPolicy": {"ingressCidrs": [text]}}
    if network.network_address == address and not mapped:
        refuse_impossible_networks(values, lambda path: None)
    else:
        with pytest.raises(ConfigurationError, match="ingressCidrs"):
            refuse_impossible_networks(values, lambda path: None)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.ip_addresses(), st.integers(0, 128))
def test_every_network_looks_like_one(address: IPv4Address | IPv6Address, length: int) -> None:
    assert re.fullmatch(CIDR, f"{address}/{min(length, address.max_prefixlen)}")


@pytest.mark.parametrize(
    "text",
    [
        "networkPolicy: {databaseCidrs: [':/0']}",
        "networkPolicy: {ingressCidrs: ['fe80:::1/64']}",
        "ingress: {className: 'A B'}",
        "persistence: {size: 0Gi}",
        "priorityClasses: {prefix: system}",
        "priorityClasses: {prefix: system-cluster}",
        "ingress: {tlsSecret: A_B}",
        "ingress: {domain: a..b}",
        "ingress: {annotations: {'a: b': x}}",
        "monitoring: {labels: {'a b': x}}",
        "monitoring: {labels: {a: 'x y'}}",
        "extraObjects: [{apiVersion: v1, kind: List, metadata: {name: x}, items: []}]",
        f"monitoring: {{labels: {{{'a.' * 127}b/c: x}}}}",
        "networkPolicy: {ingressCidrs: [10.0.1.5/24]}",
        "networkPolicy: {databaseCidrs: [10.0.0.0/24, 10.0.1.5/24]}",
        "networkPolicy: {awsCidrs: ['fd00::5/64']}",
        "persistence: {storageClassName: A B}",
        f"persistence: {{name: {'a' * 254}}}",
        f"ingress: {{name: {'a' * 254}}}",
        f"aws: {{serviceAccount: {'a' * 254}}}",
        "ingress: {domain: 2.3.4}",
        f"ingress: {{domain: {'a.' * 100}com}}",
        "secrets: {external: {secrets: {A B: {target: x, data: {k: {key: a, property: b}}}}}}",
        "secrets: {external: {secrets: {x: {data: {k: {key: a, property: b}}, "
        f"target: {'a' * 254}}}}}}}}}",
    ],
)
def test_what_kubernetes_would_refuse_of_the_environment(refused, text: str) -> None:
    assert refused(text + "\n", line=1).startswith(text.partition(":")[0])


@pytest.mark.parametrize("key", ["null", "true", "1", "1e3", "on", "example.com/a", "a_b.c"])
def test_a_key_that_yaml_would_take_for_something_else_stays_text(render, key: str) -> None:
    both = f"{{'{key}': x}}"
    text = (
        f"podLabels: {both}\n    podAnnotations: {both}\n    nodeSelector: {both}\n"
        f"    service: {{annotations: {both}}}\n    serviceAccount: {{annotations: {both}}}\n"
    )
    release = render(API + text + f"ingress: {{annotations: {both}}}\n", environment="prod")
    template = release.one("Deployment")["spec"]["template"]
    assert template["metadata"]["labels"][key] == "x"
    assert template["metadata"]["annotations"][key] == "x"
    assert template["spec"]["nodeSelector"] == {key: "x"}
    for kind, name in (
        ("Service", "my-tomorrows-api"),
        ("ServiceAccount", "my-tomorrows-api"),
        ("Ingress", "my-app-ingress"),
    ):
        assert release.one(kind, name)["metadata"]["annotations"][key] == "x"
