"""One layer of values: a file, or one assignment of a --set, and what it says about a path."""

from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from flaskship.chart import helm
from flaskship.chart.masking import MASK, shown_values
from flaskship.chart.schema import dotted
from flaskship.chart.set_syntax import Assignment, parse_sets
from flaskship.chart.yamlfile import KeyPath, YamlFile, read_yaml
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location

MISSING = object()


@dataclass(frozen=True, slots=True)
class Said:
    """What a layer says about a path: the value there (None deletes), or that of an ancestor without it."""

    value: Any
    at: KeyPath
    location: Location


@dataclass(frozen=True, slots=True)
class FileLayer:
    """A values file, its applications normalised to the map form."""

    source: YamlFile = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    listed: tuple[str, ...] = ()
    """The names of its applications in their order, where it has them as a list."""

    @property
    def name(self) -> str:
        """How the layer is called in explanations."""
        return str(self.source.path)

    def says(self, path: KeyPath) -> Said | None:
        """What this file sets at a path, if anything."""
        return _said(self.values, path, self.source.location)

    def without_secrets(self) -> "FileLayer":
        """The same file as anybody may see it."""
        return FileLayer(self.source, shown_values(self.values), self.listed)


@dataclass(frozen=True, slots=True)
class SetLayer:
    """One assignment of a --set option."""

    assignment: Assignment = field(repr=False)

    @property
    def name(self) -> str:
        """How the layer is called in explanations; one beside or with a secret, by its path alone."""
        expression = self.assignment.expression
        if any(_masked(one) != one for one in parse_sets([expression])):
            expression = f"{dotted(self.assignment.path)}={MASK}"
        return f"--set {expression}"

    def without_secrets(self) -> "SetLayer":
        """The same assignment as anybody may see it."""
        return SetLayer(_masked(self.assignment))

    def says(self, path: KeyPath) -> Said | None:
        """What this assignment sets at a path, above it or below it."""
        own = self.assignment.path
        if own[: len(path)] == path:
            value = _nested(own[len(path) :], self.assignment.value)
            return Said(value, path, Location(self.name))
        if path[: len(own)] == own:
            below = _said(self.assignment.value, path[len(own) :], lambda _: Location(self.name))
            return Said(below.value, own + below.at, below.location) if below else None
        return None


Layer = FileLayer | SetLayer


def read_layer(path: Path) -> FileLayer:
    """A values file as a layer; a list of applications becomes the map."""
    source = read_yaml(path)
    values = helm.parse_values(source.text, path)
    applications = values.get("applications")
    if not isinstance(applications, list):
        return FileLayer(source, values)
    names = _names(applications, source)
    values["applications"] = {
        name: {key: value for key, value in entry.items() if key != "name"}
        for name, entry in zip(names, applications, strict=True)
    }
    lines = {_renamed(where, names): line for where, line in source.lines.items()}
    return FileLayer(YamlFile(source.path, source.text, lines), values, tuple(names))


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two layers as Helm merges files: maps merge, all else replaces, null stays as a mark."""
    merged = dict(below)
    for key, value in above.items():
        present = merged.get(key)
        merged[key] = (
            merge(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
        )
    return merged


def without_nulls(values: Any) -> Any:
    """The values with every deleted key gone."""
    if isinstance(values, dict):
        return {key: without_nulls(value) for key, value in values.items() if value is not None}
    return values


def _nested(path: KeyPath, value: Any) -> Any:
    for part in reversed(path):
        value = {part: value} if isinstance(part, str) else [value]
    return value


def _masked(assignment: Assignment) -> Assignment:
    """The assignment without its secrets: which they are, the names on the whole way to them say."""
    value: Any = shown_values(_nested(assignment.path, assignment.value))
    for part in assignment.path:
        value = value[part] if isinstance(part, str) else value[0]
    return replace(assignment, value=value)


def _said(values: Any, path: KeyPath, locate: Any) -> Said | None:
    value = values
    replaced = False
    for depth, part in enumerate(path):
        holder = value
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, list):
            replaced = True
            value = value[part] if isinstance(part, int) and part < len(value) else MISSING
        else:
            replaced, value = True, MISSING
        if value is MISSING:
            # A list, a text, a number or null takes the place of all that lower layers had below it.
            return Said(holder, path[:depth], locate(path[:depth])) if replaced else None
    return Said(value, path, locate(path))


def _names(entries: list[Any], source: YamlFile) -> list[str]:
    names: list[str] = []
    for index, entry in enumerate(entries):
        location = source.location(("applications", index))
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            raise ConfigurationError(
                f"applications[{index}]: an entry of the list needs a name",
                location=location,
                hint="- name: NAME",
            )
        if name in names:
            first = source.location(("applications", names.index(name))).line
            raise ConfigurationError(
                f"applications: {name} stands twice in the list, first on line {first}", location=location
            )
        names.append(name)
    return names


def _renamed(path: KeyPath, names: list[str]) -> KeyPath:
    if len(path) > 1 and path[0] == "applications" and isinstance(path[1], int):
        return (path[0], names[path[1]], *path[2:])
    return path
