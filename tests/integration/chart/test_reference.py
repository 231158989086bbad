"""docs/reference/values.md says what the schema says, and the schema describes every key."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flaskship.chart import helm
from flaskship.chart.reference import OUTPUT, reference

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "infra" / "helmchart"
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())


def test_the_page_is_not_stale() -> None:
    values = CHART / "values.yaml"
    page = reference(SCHEMA, helm.parse_values(values.read_text(), values))
    assert (ROOT / OUTPUT).read_text() == page, "run: python -m flaskship.chart.reference"


def descriptions(rules: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(rules, dict):
        if isinstance(rules.get("description"), str):
            yield at
        for key, inner in rules.items():
            yield from descriptions(inner, (*at, key))
    elif isinstance(rules, list):
        for index, inner in enumerate(rules):
            yield from descriptions(inner, (*at, index))


def test_every_description_of_the_schema_is_on_the_page() -> None:
    values = CHART / "values.yaml"
    defaults = helm.parse_values(values.read_text(), values)
    schema = json.loads(json.dumps(SCHEMA))
    page = reference(schema, defaults)
    every = list(descriptions(SCHEMA))
    missing = []
    for path in every:
        part = schema
        for key in path:
            part = part[key]
        said, part["description"] = part["description"], "changed"
        if reference(schema, defaults) == page:
            missing.append("/".join(map(str, path)))
        part["description"] = said
    assert missing == []
    assert len(every) > 350


def test_every_key_is_described_and_no_map_is_open_by_accident() -> None:
    for path, rules in keys(SCHEMA["properties"]):
        assert rules.get("description"), path
    for path, rules in keys(SCHEMA["$defs"]["application"]["properties"]):
        assert rules.get("description"), path
        # Features are open on purpose: an application of another team has its own.
        if "properties" in rules and path != "features":
            assert rules["additionalProperties"] is False, path


def test_every_default_of_the_chart_is_a_key_of_the_schema() -> None:
    values = CHART / "values.yaml"
    defaults = helm.parse_values(values.read_text(), values)
    assert set(defaults) <= set(SCHEMA["properties"])
    assert set(defaults["defaults"]) == set(SCHEMA["$defs"]["application"]["properties"]) - {"name", "role"}


def keys(properties: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, rules in properties.items():
        yield prefix + name, rules
        yield from keys(rules.get("properties", {}), f"{prefix}{name}.")
        for entries in (rules.get("items"), rules.get("additionalProperties")):
            if isinstance(entries, dict):
                yield from keys(entries.get("properties", {}), f"{prefix}{name}[].")
