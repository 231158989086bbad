"""Application names at the border: one that is almost another's is a typo until somebody says otherwise."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flaskship.chart.layers import FileLayer, Layer, SetLayer, read_layer
from flaskship.chart.spelling import nearest
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

DEFAULTS = "values.yaml"

NamesByFile = Mapping[Path, frozenset[str]]


def refuse_misspelt(chart: Path, layers: Sequence[Layer]) -> None:
    """Raise for a name that one file alone, or --set alone, knows, and that is almost one known elsewhere."""
    files = [layer for layer in layers if isinstance(layer, FileLayer)]
    named = _named(chart, files)
    for layer in reversed(layers):
        for name in sorted(_names(layer)):
            known = _known_elsewhere(name, layer, named)
            meant = nearest(name, known)
            if meant is None or _differ_in_numbers(name, meant):
                continue
            raise ConfigurationError(
                f"applications.{name}: no other values file knows this application; did you mean {meant}?",
                location=_location(layer, name),
                hint=_way_out(name, layer),
            )


def _way_out(name: str, layer: Layer) -> str:
    if isinstance(layer, FileLayer) and layer.source.path.name == DEFAULTS:
        return f"if {name} is meant, an environment's file names it, too"
    return f"if {name} is meant, name it in {DEFAULTS}, too: {name}: {{enabled: false}} there is enough"


def _named(chart: Path, files: Sequence[FileLayer]) -> NamesByFile:
    named = {layer.source.path: frozenset(_names(layer)) for layer in files}
    for path in sorted(chart.glob("values-*.yaml")):
        if path in named:
            continue
        try:
            named[path] = frozenset(_names(read_layer(path)))
        except ConfigurationError:
            # Another environment's file is refused where that environment is read.
            continue
    return named


def _known_elsewhere(name: str, layer: Layer, named: NamesByFile) -> set[str]:
    """The names that the other files know; none where one of them, or this one beside it, knows the name."""
    own = layer.source.path if isinstance(layer, FileLayer) else None
    others = {path: names for path, names in named.items() if path != own}
    if any(name in names for names in others.values()):
        return set()
    # Two names side by side in one file are two applications.
    return set().union(*others.values()) - (named[own] if own else set())


def _names(layer: Layer) -> Iterator[str]:
    if isinstance(layer, SetLayer):
        path = layer.assignment.path
        if len(path) > 1 and path[0] == "applications" and isinstance(path[1], str):
            yield path[1]
        return
    given = layer.values.get("applications")
    if isinstance(given, Mapping):
        yield from (str(name) for name in given)


def _location(layer: Layer, name: str) -> Location:
    said = layer.says(("applications", name))
    assert said is not None
    return Location(layer.name, said.location.line)


def _differ_in_numbers(one: str, other: str) -> bool:
    return re.sub(r"\d+", "", one) == re.sub(r"\d+", "", other)
