"""Whatever the schema lets pass renders to whole objects, or is refused in a sentence of ours."""

import json
import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flaskship.chart.project import load_project
from flaskship.chart.render import render_environment
from flaskship.chart.values import layer_values
from flaskship.model.errors import ConfigurationError
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.kubernetes.validate import violations
from flaskship.policy.objects import parse_objects

ROOT = Path(__file__).resolve().parents[3]
SCHEMA: dict[str, Any] = json.loads((ROOT / "infra" / "helmchart" / "values.schema.json").read_text())
PROJECT = load_project(ROOT)
NETWORK = SCHEMA["$defs"]["peer"]["properties"]["ipBlock"]["properties"]["cidr"]["pattern"]
"""What no pattern can say of a network is refused with its line: that has tests of its own."""
ALLOWED = SCHEMA["$defs"]["application"]["properties"]["webhooks"]["properties"]["allow"]["items"]["pattern"]

# `make test` tries the same few each time; `make properties` sets a number, and tries others each time.
EXAMPLES = int(os.environ.get("FLASKSHIP_EXAMPLES", "0"))


def tried(usual: int) -> settings:
    """How many examples a property is tried with."""
    return settings(
        max_examples=EXAMPLES or usual,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not EXAMPLES,
        database=None,
        print_blob=True,
        # To shrink what fails renders the chart for minutes: the usual run shows it as it was found.
        phases=list(Phase) if EXAMPLES else [Phase.explicit, Phase.generate],
    )


# What Kubernetes defines is not described by our schema: these stay as they are.
FREE = {"initContainers", "volumes", "name", "extraObjects"}
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


def values_of(rules: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Any value that a part of the schema lets pass, nulls left out."""
    found = shaped(rules)
    if not {"oneOf", "if", "not"} & set(rules):
        return found
    # What its parts say of one another.
    return found.filter(Draft202012Validator({**rules, "$defs": SCHEMA["$defs"]}).is_valid)


def shaped(rules: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Any value of the form that a part of the schema has, whatever it says across its keys."""
    if target := rules.get("$ref", "").removeprefix("#/$defs/"):
        return values_of(SCHEMA["$defs"][target])
    if "enum" in rules:
        return st.sampled_from([value for value in rules["enum"] if value is not None])
    kinds = rules.get("type", [])
    found = [
        value_of(kind, rules) for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"
    ]
    return st.one_of(found)


def value_of(kind: str, rules: dict[str, Any]) -> st.SearchStrategy[Any]:
    match kind:
        case "string" if rules.get("pattern") == NETWORK:
            return st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "192.168.7.1/32", "2001:db8::/32"])
        case "string" if rules.get("pattern") == ALLOWED:
            return st.one_of(networks(), st.ip_addresses().map(str), st.sampled_from(["shop", "a.example"]))
        case "string" if "pattern" in rules:
            return st.from_regex(
                rules["pattern"].replace("$", r"\Z"), alphabet=st.characters(codec="ascii")
            ).filter(lambda text: len(text) <= rules.get("maxLength", 63))
        case "string":
            return PLAIN.filter(lambda text: len(text) >= rules.get("minLength", 0))
        case "integer":
            return st.integers(rules["minimum"], rules["maximum"])
        case "boolean":
            return st.booleans()
        case "array":
            low, high = rules.get("minItems", 0), min(2, rules.get("maxItems", 2))
            return st.lists(values_of(rules["items"]), min_size=low, max_size=high)
    return objects(rules)


def networks() -> st.SearchStrategy[str]:
    """Any network without bits beyond its prefix, and none of IPv4 in the clothes of IPv6."""
    texts = st.builds(
        lambda address, length: ip_network((address, min(length, address.max_prefixlen)), strict=False),
        st.ip_addresses(),
        st.integers(0, 128),
    )
    return texts.filter(lambda one: not getattr(one.network_address, "ipv4_mapped", None)).map(str)


def objects(rules: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    if known := rules.get("properties"):
        required = rules.get("required", [])
        parts = {key: values_of(value) for key, value in known.items() if key in required or key not in FREE}
        if rules.get("maxProperties") == 1:
            return st.one_of([st.fixed_dictionaries({key: part}) for key, part in parts.items()])
        needed = {key: parts.pop(key) for key in required}
        return st.fixed_dictionaries(needed, optional=parts).filter(
            lambda given: (
                len(given) >= rules.get("minProperties", 0)
                and all(
                    set(others) <= set(given)
                    for key, others in rules.get("dependentRequired", {}).items()
                    if key in given
                )
            )
        )
    inner = rules.get("additionalProperties")
    if not isinstance(inner, dict):
        return st.just({})
    names = rules.get("propertyNames", {"pattern": "^[a-z][a-z0-9./-]{0,8}[a-z]$"})
    return st.dictionaries(value_of("string", names), values_of(inner), max_size=2)


APPLICATION = SCHEMA["$defs"]["application"]
# A name of the environment that is not the one that reads it is refused: it has tests of its own.
TOP = {
    key: value
    for key, value in SCHEMA["properties"].items()
    if key not in FREE | {"defaults", "roles", "global", "environment"}
}


TOP_VALUES = st.fixed_dictionaries(
    {},
    optional={key: values_of(value) for key, value in TOP.items() if key not in ("applications", "secrets")},
)
NAMES = value_of("string", SCHEMA["properties"]["applications"]["propertyNames"])
# What the arithmetic across fields would mostly refuse, as one choice that holds.
CONTRADICTING = {
    "role",
    "replicas",
    "scheduling",
    "vpa",
    "autoscaling",
    "volumeMounts",
    "resources",
    "tolerations",
}
CALM = {
    "terminationGracePeriodSeconds": 100,
    "preStopSeconds": 10,
    "gracefulTimeoutSeconds": 20,
    "progressDeadlineSeconds": 4000,
}


def test_what_the_schema_lets_pass_renders_whole(tmp_path: Path) -> None:
    seen: list[int] = []

    @tried(40)
    @given(name=NAMES, application=values_of(APPLICATION), top=TOP_VALUES)
    def renders_whole(name: str, application: dict[str, Any], top: dict[str, Any]) -> None:
        file = tmp_path / "generated.yaml"
        file.write_text(written({**top, "applications": {name: calmed(application)}}), encoding="utf-8")
        documents = rendered(file)
        seen.append(len(documents))
        for document in documents:
            assert isinstance(document["metadata"]["name"], str)
            assert all(isinstance(value, str) for value in document["metadata"]["labels"].values())
            assert all(isinstance(value, str) for value in document["metadata"]["annotations"].values())
            assert None not in leaves(document)
        assert refused_by_kubernetes(documents) == []

    renders_whole()
    # A property of refusals alone would say nothing of what renders.
    assert sum(map(bool, seen)) > len(seen) / 2


def calmed(application: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the rules across fields would mostly refuse: they have a suite of their own."""
    calm = {key: value for key, value in {**application, **CALM}.items() if key not in CONTRADICTING}
    calm["ingress"] = {**calm.get("ingress", {}), "host": "generated.example"}
    for part, key in (("networkPolicy", "enabled"), ("service", "nodePort")):
        calm[part] = {name: value for name, value in calm.get(part, {}).items() if name != key}
    return calm


def written(values: Any) -> str:
    """JSON that is YAML too: what YAML takes from a file in an escaped form only is escaped."""
    text = json.dumps(values, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def refused_by_kubernetes(documents: list[Any]) -> list[str]:
    """What any supported minor would refuse of the objects, by its own schemas."""
    table = load_table()
    return [
        f"{one.kind} {violation.path}: {violation.message}"
        for one in parse_objects(tuple(documents), ())
        for number in table.schemas(one.api_version, one.kind)
        for violation in violations(table, number, one.node)
    ]


def test_the_judge_of_the_objects_sees_what_is_wrong() -> None:
    broken = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"prots": []}}
    assert any("prots" in one for one in refused_by_kubernetes([broken]))


def spelt(rules: dict[str, Any], at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every path of keys that the schema knows, where it takes no others."""
    target = rules.get("$ref", "").removeprefix("#/$defs/")
    whole = SCHEMA["$defs"][target] if target else rules
    known = whole.get("properties", {}) if whole.get("additionalProperties") is False else {}
    return [one for key, inner in known.items() for one in ((*at, key), *spelt(inner, (*at, key)))]


PATHS = sorted(
    {
        path
        for path in (*spelt(SCHEMA), *spelt(APPLICATION, ("applications", "my-tomorrows-api")))
        if len(path[-1]) > 3
    }
)


@tried(60)
@given(path=st.sampled_from(PATHS), at=st.integers(1, 40), given_value=st.sampled_from([None, 1, {}]))
def test_any_misspelt_key_fails_naming_the_nearest(
    tmp_path_factory: Any, path: tuple[str, ...], at: int, given_value: Any
) -> None:
    right = path[-1]
    cut = at % (len(right) - 1) + 1
    wrong = right[:cut] + right[cut + 1 :]
    siblings = {one[-1] for one in PATHS if one[:-1] == path[:-1]}
    assume(wrong not in siblings)
    value: Any = {wrong: given_value}
    for key in reversed(path[:-1]):
        value = {key: value}
    file = tmp_path_factory.getbasetemp() / "misspelt.yaml"
    file.write_text(json.dumps(value))
    with pytest.raises(ConfigurationError) as caught:
        layer_values(PROJECT, PROJECT.environment("prod"), (file,))
    assert wrong in caught.value.message
    said = f"{caught.value.message} {caught.value.hint or ''}"
    assert any(one in said for one in siblings), said
    assert str(caught.value.location) == f"{file}:1"


def rendered(file: Path) -> list[Any]:
    """The objects; none where one of the chart's own rules refuses the values in a sentence."""
    environment = PROJECT.environment("prod")
    try:
        layered = layer_values(PROJECT, environment, (file,))
        chart = render_environment(PROJECT, environment, layered)
    except ConfigurationError as error:
        if OWN_RULES.search(error.message) and error.location is not None:
            return []
        raise
    return [*chart.documents, *chart.hooks]


OWN_RULES = re.compile(
    "is above autoscaling|fight over the same|set service.type to NodePort|blocks every drain|is taken by|"
    "a service that is off|there is no role|cut off from|moves requests between|there is no class|"
    "load balancer needs to stop|whose server has ended|closes the network to the webhooks|none of them puts|"
    "leave no step to take|differs from the key|is no part of|where its range begins|"
    "past what the chart reckons with|remove one of them|this name is kept for|has bits set beyond its prefix"
)


def leaves(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if inner is None else [leaf for item in inner for leaf in leaves(item)]
