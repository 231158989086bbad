"""docs/reference/values.md, written from values.schema.json and the chart's defaults: run as a module."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flaskship.chart import helm
from flaskship.chart.project import load_project

LONGEST_DEFAULT = 80
CONDITIONS = ("if", "then", "else", "not", "allOf", "anyOf", "oneOf")
OUTPUT = Path("docs/reference/values.md")

HEAD = """\
# Values

Every key that an environment may set, in `infra/helmchart/values.yaml`, `values-<environment>.yaml`, a file
given with `-f`, or with `--set`. Later ones win: maps merge, lists replace, null deletes a default. A key
that is not here is an error that names the nearest one.

`applications` may be a list of entries with `name`. `flaskship` reads it as the map that it names and merges
it with those of the other files. Plain `helm` lets a list in one file take the place of a map in another one,
values.yaml apart, and the other way round: with helm alone write maps, or one list in one file.

Written from `infra/helmchart/values.schema.json` by `python -m flaskship.chart.reference`; do not edit.
"""

APPLICATION_HEAD = """\
## An application

These keys stand under `defaults` (for all), `roles.<role>` (for a role) and `applications.<name>` (for one);
the later of the three wins. The default is that of `defaults`.
"""


FORMS_HEAD = """\
## Forms

What the keys above share, by the name that the schema has for it.
"""


def reference(schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """The whole page."""
    tops = {key: value for key, value in schema["properties"].items() if key != "defaults"}
    parts = [HEAD, "## The environment\n", _table(tops, defaults, schema), APPLICATION_HEAD]
    application = schema["$defs"]["application"]["properties"]
    parts.append(f"`defaults`: {schema['properties']['defaults']['description']}\n")
    parts.append(_table(application, defaults["defaults"], schema))
    parts += [FORMS_HEAD, _forms(schema)]
    return "\n".join(parts)


def _forms(schema: Mapping[str, Any]) -> str:
    rows = ["| Form | Meaning |", "| --- | --- |", f"| the values | {_cell(str(schema['description']))} |"]
    for name, rules in schema["$defs"].items():
        rows.append(f"| {name} | {_cell(_described(rules, schema))} |")
        if name in ("application", "exact"):
            continue
        below = _rows(rules.get("properties", {}), None, schema, f"{name}.")
        rows += [
            f"| {path} | {meaning} |" for path, _, _, meaning in (*below, *_entries(name, rules, schema))
        ]
    return "\n".join(rows) + "\n"


def _table(properties: Mapping[str, Any], defaults: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    rows = ["| Key | Type | Default | Meaning |", "| --- | --- | --- | --- |"]
    rows += ["| " + " | ".join(row) + " |" for row in _rows(properties, defaults, schema, "")]
    return "\n".join(rows) + "\n"


def _rows(
    properties: Mapping[str, Any], defaults: Any, schema: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, str, str, str]]:
    for name, given in properties.items():
        if given.get("$ref") == "#/$defs/application":
            continue
        rules = _resolved(given, schema)
        default = defaults.get(name) if isinstance(defaults, Mapping) else None
        inner = rules.get("properties")
        shown = "" if inner else _shown(default)
        yield f"`{prefix}{name}`", _type(rules), shown, _cell(_described(given, schema))
        if inner:
            yield from _rows(inner, default, schema, f"{prefix}{name}.")
        yield from _entries(f"{prefix}{name}", rules, schema)


def _entries(
    path: str, rules: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[tuple[str, str, str, str]]:
    """What each entry of a list, and each value of a map with names of one's own, may say."""
    names = _described(rules.get("propertyNames", {}), schema)
    kinds = [(rules.get("items"), "[]"), (rules.get("additionalProperties"), ".NAME")]
    kinds += [(entries, ".NAME") for entries in rules.get("patternProperties", {}).values()]
    for entries, mark in kinds:
        if not isinstance(entries, Mapping):
            continue
        each = _resolved(entries, schema)
        parts = [_described(entries, schema), f"NAME: {names}" if names and mark != "[]" else ""]
        if meaning := " ".join(filter(None, parts)):
            yield f"`{path}{mark}`", _type(each), "", _cell(meaning)
        if each not in (schema["$defs"]["application"], schema["$defs"]["exact"]):
            yield from _rows(each.get("properties", {}), None, schema, f"{path}{mark}.")
            yield from _entries(f"{path}{mark}", each, schema)


def _described(rules: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A description, and those of the conditions beside it, each once."""
    own = str(rules.get("description") or _resolved(rules, schema).get("description", ""))
    return " ".join(dict.fromkeys(filter(None, (own, *_conditions(_resolved(rules, schema))))))


def _conditions(rules: Any, *, inside: bool = False) -> Iterator[str]:
    """The descriptions below the keywords that make one value depend on another."""
    if isinstance(rules, list):
        for one in rules:
            yield from _conditions(one, inside=inside)
    elif isinstance(rules, Mapping):
        if inside and "description" in rules:
            yield str(rules["description"])
        for key, inner in rules.items():
            if key in CONDITIONS or (inside and key == "items"):
                yield from _conditions(inner, inside=True)
            elif inside and key in ("properties", "patternProperties"):
                yield from _conditions(list(inner.values()), inside=True)


def _resolved(given: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    target = str(given.get("$ref", "")).removeprefix("#/$defs/")
    found: Mapping[str, Any] = schema["$defs"][target] if target else given
    return found


def _type(rules: Mapping[str, Any]) -> str:
    if "enum" in rules:
        return " or ".join(f"`{value}`" for value in rules["enum"] if value is not None)
    kinds = rules.get("type", "any")
    names = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    text = " or ".join(names)
    if "integer" in names and "maximum" in rules:
        text += f" ({rules['minimum']} to {rules['maximum']})" if rules["maximum"] < 2**31 - 1 else ""
    return text


def _shown(default: object) -> str:
    text = json.dumps(default)
    if len(text) > LONGEST_DEFAULT:
        return "in values.yaml"
    return "" if default is None else _cell(f"`{text}`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> int:
    """Write the page of the project in the current folder."""
    project = load_project(Path.cwd())
    schema = json.loads((project.chart / "values.schema.json").read_text(encoding="utf-8"))
    values = project.chart / "values.yaml"
    target = project.root / OUTPUT
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        reference(schema, helm.parse_values(values.read_text(encoding="utf-8"), values)), encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
