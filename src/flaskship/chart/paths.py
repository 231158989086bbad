"""Paths in the values of an environment: what stands below one, and what one that is not there resembles."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.chart import schema
from flaskship.chart.set_syntax import parse_path
from flaskship.chart.values import LayeredValues
from flaskship.chart.yamlfile import KeyPath


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Whether a path is there, the paths of the values below it, and the nearest path where it is not."""

    present: bool
    below: tuple[str, ...] = ()
    nearest: str | None = None
    known: tuple[str, ...] = ()
    """What stands at the level where the path ends to be there."""


def surroundings(layered: LayeredValues, path: str) -> Surroundings:
    """Look at a dotted path in the values as the templates see them, inherited ones included."""
    values: Any = {**layered.merged, "applications": layered.applications}
    keys = layered.named(parse_path(path))
    for depth, key in enumerate(keys):
        found = _inside(values, key)
        if found is None:
            there = () if schema.is_secret(keys[:depth]) or not isinstance(values, Mapping) else values
            known = tuple(sorted(map(str, there)))
            return Surroundings(present=False, nearest=_nearest(values, keys, depth), known=known)
        values = found[0]
    leaves = () if schema.is_secret(keys) else tuple(map(schema.dotted, _leaves(values, keys)))
    return Surroundings(present=True, below=leaves if isinstance(values, Mapping) else ())


def _inside(values: Any, key: str | int) -> tuple[Any] | None:
    if isinstance(values, Mapping) and key in values and values[key] is not None:
        return (values[key],)
    if isinstance(values, list) and isinstance(key, int) and key < len(values):
        return (values[key],)
    return None


def _nearest(values: Any, keys: KeyPath, depth: int) -> str | None:
    if not isinstance(values, Mapping):
        return schema.dotted(keys[:depth])
    if whole := _undivided(values, keys, depth):
        return schema.dotted(whole)
    if not depth and keys[0] in values.get("applications", {}):
        # Named without the map that applications stand in.
        return _deepest(values, ("applications", *keys))
    close = difflib.get_close_matches(str(keys[depth]), map(str, values), n=1, cutoff=0.5)
    if not close:
        return schema.dotted(keys[:depth]) if depth else None
    below = _deepest(values, (close[0], *keys[depth + 1 :]))
    return ".".join([schema.dotted(keys[:depth]), below]) if depth else below


def _deepest(values: Any, keys: KeyPath) -> str:
    """As much of a path as is there."""
    known: KeyPath = ()
    for key in keys:
        found = _inside(values, key)
        if found is None:
            break
        known, values = (*known, key), found[0]
    return schema.dotted(known)


def _undivided(values: Mapping[Any, Any], keys: KeyPath, depth: int) -> KeyPath | None:
    """The path with a key that has dots in it, which nobody escaped, as one: nvidia.com/gpu."""
    for end in range(len(keys), depth + 1, -1):
        joined = ".".join(map(str, keys[depth:end]))
        if joined in values:
            return (*keys[:depth], joined, *keys[end:])
    return None


def _leaves(values: Any, at: KeyPath) -> Iterator[KeyPath]:
    if not isinstance(values, Mapping) or not values or schema.is_secret(at):
        yield at
        return
    for key, value in values.items():
        if value is not None:
            yield from _leaves(value, (*at, key))
