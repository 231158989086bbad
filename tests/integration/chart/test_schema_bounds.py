"""What Helm would change without a word, or Kubernetes would refuse, is told before anything is rendered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "infra" / "helmchart" / "values.schema.json").read_text()
)
API = "applications:\n  my-tomorrows-api:\n    "
# The greatest whole number whose neighbours a float tells from it.
EXACT = 2**53 - 1
LONG = "12345678901234567890"


@pytest.mark.parametrize("number", [LONG, f"-{LONG}", "9007199254740993", "-9007199254740993", "1e30"])
@pytest.mark.parametrize("part", ["config", "env", "features"])
def test_a_number_that_would_become_another_one_is_refused(refused, part: str, number: str) -> None:
    message = refused(API + f"{part}: {{A: {number}}}\n", line=3)
    assert message == (
        f"applications.my-tomorrows-api.{part}.A: "
        "the number is beyond 9007199254740991 and would become another one; quote it as text"
    )


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
        f"applications: {{my-tomorrows-api: {{affinity: {{podAffinity: {{a: {LONG}}}}}}}}}\n",
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
    "podAnnotations": ["{'a: b': x}", "{'a #b': x}", "{'': x}", "{a..b/c: x}"],
    "nodeSelector": ["{'a b': x}", "{a: -x}", f"{{a: {'x' * 64}}}"],
    "service": ["{annotations: {'a: b': x}}"],
    "serviceAccount": ["{annotations: {'a #b': x}}", "{name: a..b}"],
    "ingress": ["{host: a..b}", "{host: a.-b}"],
    "probes": ["{liveness: {successThreshold: 2}}", "{startup: {successThreshold: 2}}"],
    "autoscaling": ["{behavior: {scaleUp: {policies: []}}}", "{behavior: {scaleDown: {policies: []}}}"],
    "webhooks": [
        "{allow: ['10.0.0.0/33']}",
        "{allow: ['256.1.1.1']}",
        "{allow: ['1.2']}",
        "{allow: ['a b']}",
    ],
}


@pytest.mark.parametrize(("part", "value"), [(part, one) for part, every in REFUSED.items() for one in every])
def test_what_kubernetes_would_refuse_of_an_application(refused, part: str, value: str) -> None:
    message = refused(API + f"{part}: {value}\n", line=3)
    assert message.startswith(f"applications.my-tomorrows-api.{part}.")


@pytest.mark.parametrize(
    "text",
    [
        "persistence: {size: 0Gi}",
        "priorityClasses: {prefix: system}",
        "priorityClasses: {prefix: system-cluster}",
        "ingress: {tlsSecret: A_B}",
        "ingress: {domain: a..b}",
        "ingress: {annotations: {'a: b': x}}",
        "monitoring: {labels: {'a b': x}}",
        "monitoring: {labels: {a: 'x y'}}",
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
    assert template["metadata"]["annotations"] == {key: "x"}
    assert template["spec"]["nodeSelector"] == {key: "x"}
    for kind, name in (
        ("Service", "my-tomorrows-api"),
        ("ServiceAccount", "my-tomorrows-api"),
        ("Ingress", "my-app-ingress"),
    ):
        assert release.one(kind, name)["metadata"]["annotations"][key] == "x"
