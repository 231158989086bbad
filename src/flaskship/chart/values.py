"""The values of an environment: layers merged with Helm's meaning, each value with its origins."""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

from flaskship.chart import application_names, border, schema
from flaskship.chart.layers import FileLayer, Layer, Said, SetLayer, merge, read_layer, without_nulls
from flaskship.chart.set_syntax import assign, parse_path, parse_sets
from flaskship.chart.yamlfile import KeyPath
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location
from flaskship.model.project import Environment, Project


@dataclass(frozen=True, slots=True)
class Origin:
    """One layer that set a path: which one, where, at which path (perhaps a default or an ancestor)."""

    layer: str
    path: str
    location: Location
    value: Any


@dataclass(frozen=True)
class LayeredValues:
    """The values of one environment; `supplied` is what goes to Helm beside the chart's own defaults."""

    layers: tuple[Layer, ...]
    supplied: Mapping[str, Any] = field(repr=False)

    @cached_property
    def merged(self) -> Mapping[str, Any]:
        """Everything, defaults included; a null is the mark of a key that a layer deletes."""
        defaults = self.layers[0]
        assert isinstance(defaults, FileLayer)
        return merge(defaults.values, self.supplied)

    @cached_property
    def applications(self) -> Mapping[str, Mapping[str, Any]]:
        """Each application as the templates see it: defaults, its role's part, its own; disabled ones too."""
        given = self.merged.get("applications") or {}
        return {name: self._inherited(name, own) for name, own in given.items() if own is not None}

    def origin(self, path: str | KeyPath) -> tuple[Origin, ...]:
        """Every layer that set a dotted path, the winner last; an application's defaults and role count."""
        keys = parse_path(path) if isinstance(path, str) else path
        return tuple(self._origins(self.named(keys)))

    def named(self, path: KeyPath) -> KeyPath:
        """A path with the name of an application that is numbered as in the highest layer that lists them."""
        if len(path) > 1 and path[0] == "applications" and isinstance(path[1], int):
            lists = [layer.listed for layer in self.layers if isinstance(layer, FileLayer) and layer.listed]
            if lists and path[1] < len(lists[-1]):
                return (path[0], lists[-1][path[1]], *path[2:])
        return path

    def location(self, path: KeyPath) -> Location | None:
        """Where the winner of a path stands, or that of the nearest ancestor which some layer set."""
        for end in range(len(path), 0, -1):
            found = self.origin(path[:end])
            if found:
                return found[-1].location
        return None

    def height(self, path: KeyPath) -> int:
        """How high the layer is that set a value; -1 where none did, and for maps, which many layers make."""
        found = self.origin(path)
        if not found or found[-1].value is None or isinstance(found[-1].value, Mapping):
            return -1
        return self.names.index(found[-1].layer)

    def first_named(self, path: KeyPath) -> tuple[int, int]:
        """The layer that says a path first, counted from the lowest, and its line; -1 where none does."""
        found = self.origin(path)
        return (self.names.index(found[0].layer), found[0].location.line) if found else (-1, 0)

    @property
    def names(self) -> tuple[str, ...]:
        """The layers by their names in explanations, the lowest first."""
        return tuple(name for _, name in self._shown)

    @cached_property
    def _shown(self) -> tuple[tuple[Layer, str], ...]:
        """Each layer without its secrets, and its name."""
        return tuple((layer.without_secrets(), layer.name) for layer in self.layers)

    def _origins(self, keys: KeyPath) -> Iterator[Origin]:
        for inherited in self._inheritance(keys):
            for name, said in self._standing(inherited):
                location = Location(name, said.location.line)
                yield Origin(name, schema.dotted(said.at), location, said.value)

    def _standing(self, keys: KeyPath) -> list[tuple[str, Said]]:
        """What the layers say about a path, without what a later one has taken away."""
        defaults: list[tuple[str, Said]] = []
        supplied: list[tuple[str, Said]] = []
        for number, (layer, name) in enumerate(self._shown):
            said = layer.says(keys)
            if said is None:
                continue
            if said.at != keys:
                # What stands above the path has taken its place, unless a later layer made a map of it again:
                # then Helm merges that with the chart's defaults, and with no other layer.
                supplied.clear()
                if isinstance(_at(self.merged, said.at), Mapping):
                    continue
            (supplied if number else defaults).append((name, said))
        return defaults + supplied

    def _inheritance(self, keys: KeyPath) -> list[KeyPath]:
        if len(keys) < 3 or keys[0] != "applications" or not isinstance(keys[1], str):
            return [keys]
        role = self._role(keys[1], (self.merged.get("applications") or {}).get(keys[1]) or {})
        return [("defaults", *keys[2:]), ("roles", role, *keys[2:]), keys]

    def implied(self, path: str) -> str | None:
        """What counts at a path where no layer says it, and why: the role of an application, of its name."""
        keys = parse_path(path)
        own = _at(self.merged, keys[:2])
        named = len(keys) == 3 and (keys[0], keys[2]) == ("applications", "role")
        if not named or not isinstance(own, Mapping) or own.get("role"):
            return None
        name = str(keys[1])
        role = self._role(name, own)
        why = (
            "from the name's last word"
            if name.rpartition("-")[2] == role
            else "as the name's last word is none"
        )
        return f"{role}, {why}"

    def _role(self, name: str, own: Mapping[str, Any]) -> str:
        guess = name.rpartition("-")[2]
        return str(own.get("role") or (guess if guess in (self.merged.get("roles") or {}) else "api"))

    def _inherited(self, name: str, own: Mapping[str, Any]) -> Mapping[str, Any]:
        role = self._role(name, own)
        part = (self.merged.get("roles") or {}).get(role) or {}
        whole = merge(merge(self.merged.get("defaults") or {}, part), own)
        found: dict[str, Any] = {**without_nulls(whole), "role": role}
        return found


def layer_values(
    project: Project, environment: Environment, files: Sequence[Path] = (), sets: Sequence[str] = ()
) -> LayeredValues:
    """values.yaml, values-<environment>.yaml, the files, the --set options: merged, checked, traceable."""
    own = project.chart / f"values-{environment.name}.yaml"
    if not own.is_file():
        raise ConfigurationError(
            f"environment {environment.name} has no values file",
            location=Location(own),
            hint="make it; an empty one is enough",
        )
    chart_defaults = read_layer(project.chart / "values.yaml")
    file_layers = [read_layer(path) for path in (own, *files)]
    supplied: dict[str, Any] = {}
    for layer in file_layers:
        supplied = merge(supplied, layer.values)
    # Merging shares what only one layer says; assignments must not write into that layer.
    supplied = copy.deepcopy(supplied)
    set_layers = [SetLayer(assignment) for assignment in parse_sets(sets)]
    for set_layer in set_layers:
        _refuse_position(set_layer)
        assign(supplied, set_layer.assignment)
    layered = LayeredValues((chart_defaults, *file_layers, *set_layers), supplied)
    for set_layer in set_layers:
        _refuse_hole(set_layer, layered.merged)
    _validate(project.chart, environment.name, layered)
    application_names.refuse_misspelt(project.chart, layered.layers)
    return layered


def where(layered: LayeredValues, document: str | Mapping[str, Any], field_path: str) -> Location | None:
    """The file and line (or --set) behind a field of an application, or behind the application."""
    name = document if isinstance(document, str) else _application_of(document)
    if name is None:
        return None
    path = parse_path(_FIELDS.get(field_path, field_path)) if field_path else ()
    return layered.location(("applications", name, *path))


def _at(values: Any, path: KeyPath) -> Any:
    for part in path:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


_FIELDS = {
    "startupProbe": "probes.startup",
    "readinessProbe": "probes.readiness",
    "livenessProbe": "probes.liveness",
    "containerPort": "service.targetPort",
}


def _application_of(document: Mapping[str, Any]) -> str | None:
    labels = (document.get("metadata") or {}).get("labels") or {}
    name = labels.get("app.kubernetes.io/name")
    return str(name) if name else None


def _refuse_hole(layer: SetLayer, merged: Mapping[str, Any]) -> None:
    """Raise where a --set names a place of a list before which nothing stands."""
    path: KeyPath = layer.assignment.path
    holder: Any = merged
    for depth, part in enumerate(path):
        before: list[Any] = holder[:part] if isinstance(holder, list) and isinstance(part, int) else []
        if None in before:
            hole = schema.dotted((*path[:depth], before.index(None)))
            raise ConfigurationError(
                f"{schema.dotted(path[: depth + 1])}: nothing stands at {hole} before it",
                location=Location(layer.name),
                hint=f"begin with {hole}",
            )
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return


def _refuse_position(layer: SetLayer) -> None:
    path = layer.assignment.path
    if len(path) > 1 and path[0] == "applications" and isinstance(path[1], int):
        raise ConfigurationError(
            f"{layer.name}: applications are named, not numbered", hint="--set applications.NAME.KEY=VALUE"
        )


def _validate(chart: Path, environment: str, layered: LayeredValues) -> None:
    file = chart / "values.schema.json"
    try:
        rules = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError as error:
        raise ConfigurationError(f"not valid JSON: {error}", location=Location(file)) from None
    whole = without_nulls(layered.merged)
    if whole != layered.merged:
        # A null deletes a key, and one that nobody knows would delete nothing without a word; what is needed
        # under the right name is then missing, which says less.
        schema.check(layered.merged, rules, layered.location, keys_only=True)
    schema.check(whole, rules, layered.location)
    complete = rules.get("$defs", {}).get("complete")
    if complete:
        # These are rules of our own chart: what another calls an environment or a secret is its affair.
        border.refuse_another_environment(whole, environment, layered.location)
        border.refuse_misspelt_secrets(whole, layered.location)
        border.refuse_impossible_networks(whole, layered.location)
        for name, application in layered.applications.items():
            at: KeyPath = ("applications", name)
            schema.check(application, {**complete, "$defs": rules["$defs"]}, layered.location, at)
            border.refuse_impossible_blocks(application, at, layered.location)
            border.refuse_impossible_webhooks(application, at, layered.location)
            border.refuse_one_label_twice(application, at, layered.location)
            border.refuse_misspelt_features(application, rules["$defs"]["application"], at, layered.location)
