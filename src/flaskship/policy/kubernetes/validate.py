"""A manifest against one schema of the table: every violation with its place."""

import re
from base64 import b64decode
from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import Any

from flaskship.model.frozen import dataclass
from flaskship.policy.kubernetes.table import Schema, Table
from flaskship.policy.node import Node
from flaskship.policy.quantity import quantity

WORDS = {"o": "a map", "a": "a list", "s": "text", "64": "text", "i": "a whole number", "n": "a number"}
WORDS |= {"b": "true or false", "x": "a whole number or text", "q": "a quantity"}
LONGEST_VALUE = 60


class Breach(StrEnum):
    """How a manifest breaks its schema."""

    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a manifest breaks its schema."""

    breach: Breach
    path: str
    message: str
    until: str = ""
    """The first minor that takes it; without one none does."""


def violations(table: Table, number: int, node: Node) -> Iterator[Violation]:
    """Every violation; null counts as absent, which is what the API server makes of it."""
    schema = table.nodes[number]
    if node.content is None or schema["t"] == "?":
        return
    problem = _type_problem(schema["t"], node.content)
    if problem:
        yield Violation(Breach.INVALID, node.path, problem)
        return
    yield from _value(schema, node)
    if isinstance(node.content, dict):
        yield from _map(table, schema, node)
    elif isinstance(node.content, list):
        yield from _list(table, schema, node)


def _map(table: Table, schema: Schema, node: Node) -> Iterator[Violation]:
    known = schema.get("p", {})
    for name in schema.get("r", ()):
        if node.at(name).content is None:
            yield Violation(Breach.INVALID, node.at(name).path, "is required and missing")
    closed = bool(known) and "m" not in schema and not schema.get("u")
    for key, value in node.entries():
        if key in known:
            yield from violations(table, known[key], value)
        elif "m" in schema:
            yield from violations(table, schema["m"], value)
        elif closed:
            near = get_close_matches(key, known, n=1, cutoff=0.6)
            also = f"; did you mean {near[0]}?" if near else ""
            yield Violation(Breach.UNKNOWN, value.path, f"is no field that Kubernetes knows{also}")


def _list(table: Table, schema: Schema, node: Node) -> Iterator[Violation]:
    if "i" in schema:
        for item in node.items():
            yield from violations(table, schema["i"], item)
    keys = schema.get("k")
    seen: set[tuple[str, ...]] = set()
    for item in node.items() if keys else ():
        name = tuple(str(item.at(key).content) for key in keys or ())
        if name in seen:
            shown = " ".join(part for part in name if part != "None")
            yield Violation(Breach.DUPLICATE, item.path, f"{shown} stands twice in this list")
        seen.add(name)


def _value(schema: Schema, node: Node) -> Iterator[Violation]:
    value = node.content
    if "e" in schema and value not in schema["e"]:
        choices = ", ".join(map(str, schema["e"]))
        yield Violation(Breach.INVALID, node.path, f"{_shown(value)} is not one of {choices}")
    if "re" in schema and isinstance(value, str) and not _compiled(schema["re"]).search(value):
        yield Violation(Breach.INVALID, node.path, f"{_shown(value)} does not look like {schema['re']}")
    if isinstance(value, int | float) and not schema.get("lo", value) <= value <= schema.get("hi", value):
        yield Violation(Breach.INVALID, node.path, f"{value} is out of range")
    for kind, low, high, what in ((str, "sl", "sh", "characters"), (list, "al", "ah", "entries")):
        if isinstance(value, kind) and not schema.get(low, 0) <= len(value) <= schema.get(high, len(value)):
            yield Violation(Breach.INVALID, node.path, f"has {len(value)} {what}, which is not allowed")
    if schema["t"] == "q" and isinstance(value, str) and quantity(node) is None:
        yield Violation(Breach.INVALID, node.path, f"{_shown(value)} is no quantity, as 500m, 2 or 128Mi are")
    if schema["t"] == "64" and isinstance(value, str) and not _is_base64(value):
        yield Violation(Breach.INVALID, node.path, "is not base64")


def _type_problem(wanted: str, value: Any) -> str | None:
    match wanted, value:
        case ("o", dict()) | ("a", list()) | ("s" | "64", str()) | ("b", bool()) | ("x" | "q", str()):
            return None
        case ("i" | "n" | "x" | "q", int()) if not isinstance(value, bool):
            return None
        case ("i" | "x", float()) if value.is_integer():
            return None
        case ("n" | "q", float()):
            return None
    return f"{_shown(value)} is not {WORDS[wanted]}"


def _is_base64(text: str) -> bool:
    try:
        b64decode("".join(text.split()), validate=True)
    except ValueError:
        return False
    return True


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    text = (
        str(value).lower()
        if isinstance(value, bool)
        else repr(value)
        if isinstance(value, str)
        else str(value)
    )
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
