"""JSON Schema, in sentences: the first violation, its dotted path, its place and the nearest known key."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flaskship.chart.amounts import meant
from flaskship.chart.manifest_words import called_here
from flaskship.chart.masking import GENERATED, MASK, is_secret_name, shown, without_credentials
from flaskship.chart.yaml_faults import named
from flaskship.chart.yamlfile import KeyPath
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

LONGEST_VALUE = 60
# A longer pattern is for machines: what is meant stands below, in the description.
LONGEST_PATTERN = 160
# Helm reads numbers as floats: beyond this, two whole numbers become one.
EXACT = 2**53 - 1
# What --set leaves a text, as Helm does: it fits no number of 64 bits.
_TOO_LONG = re.compile(r"-?[0-9]{19,}")
_NUMBER = re.compile(r"-?[0-9]{16,}(?:\.[0-9]+)?|-?[0-9.]+[eE][+-]?[0-9]+")

_SPACE = re.compile(r"\s")

# The pattern of an amount has the units of memory.
AMOUNT = re.compile(r"Mi\|Gi")

UNKNOWN, MISSING = "unknown key", "is required and missing"

Locate = Callable[[KeyPath], Location | None]


def check(
    instance: object, schema: Mapping[str, Any], locate: Locate, at: KeyPath = (), *, keys_only: bool = False
) -> None:
    """Raise a ConfigurationError for the first violation of an instance at path `at`, or unknown key."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    errors = [
        error
        for error in Draft202012Validator(schema).iter_errors(instance)
        if not keys_only or error.validator == "additionalProperties"
    ]
    if not errors:
        return
    deepest = [deep for error in errors if (deep := best_match([error]))]
    for deep in deepest:
        deep.instance = _as_written(deep.instance, locate((*at, *deep.absolute_path)))
    found = [_explain(deep, schema) for deep in deepest]
    placed = [(locate((*at, *path)), (*at, *path), message, hint) for path, message, hint in found]
    # A misspelt key is missing under its right name too: the line that somebody wrote says it better.
    unknown = {path[:-1] for _, path, message, _ in placed if message.startswith(UNKNOWN)}
    placed.sort(
        key=lambda item: (
            item[2] == MISSING and item[1][:-1] in unknown,
            _line(item[0]) == 0,
            item[0].file if item[0] else "",
            _line(item[0]),
        )
    )
    location, path, message, hint = placed[0]
    more = f" ({len(placed) - 1} more after this one)" if len(placed) > 1 else ""
    raise ConfigurationError(f"{dotted(path)}: {message}{more}", location=location, hint=hint)


class Written(float):
    """A number that Helm has rounded, with the text that somebody wrote."""

    text: str


def _as_written(value: object, location: Location | None) -> object:
    """The value; of a number too long for a float, what the line that it comes from says."""
    if not isinstance(value, int | float) or abs(value) <= EXACT or location is None or not location.line:
        return value
    try:
        line = Path(location.file).read_text(encoding="utf-8").splitlines()[location.line - 1]
    except (OSError, ValueError, IndexError):
        return value
    for text in _NUMBER.findall(line):
        if float(text) == value:
            written = Written(value)
            written.text = text
            return written
    return value


def dotted(path: Iterable[str | int]) -> str:
    """A path as --set would name it: keys joined by dots, dots of a key escaped, indexes in brackets.

    A key that is empty, all dots or has spaces is quoted, so that it is seen.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            odd = not part.strip(".") or _SPACE.search(part)
            text += ("." if text else "") + (f'"{part}"' if odd else part.replace(".", "\\."))
    return text or "the file"


def is_secret(path: KeyPath) -> bool:
    """Whether what stands at a path, or below it, is never shown."""
    return path[:2] == GENERATED


def _line(location: Location | None) -> int:
    return location.line if location else 0


def _explain(error: Any, schema: Mapping[str, Any]) -> tuple[KeyPath, str, str | None]:
    path: KeyPath = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, str(error.instance))
    if is_secret(path) and "propertyNames" in error.absolute_schema_path:
        return path, f"{_shown(error.instance)} cannot be a key", _about(error)
    if is_secret(path):
        return path, f"is {_kind(error.instance)}, and cannot be", "a secret is text in quotes"
    if path and isinstance(path[-1], str) and is_secret_name(path[-1]):
        # The value of a secret's name is never said, whatever is wrong with it.
        error.instance = MASK if isinstance(error.instance, str | int | float) else error.instance
    match error.validator:
        case "additionalProperties":
            return _unknown_key(error, path, schema)
        case "required":
            missing = next(name for name in error.validator_value if name not in error.instance)
            return (*path, missing), MISSING, None
        case "type" if isinstance(error.instance, str) and _TOO_LONG.fullmatch(error.instance):
            return path, f"{error.instance[:LONGEST_VALUE]} is too long for a whole number", _about(error)
        case "type":
            return (
                path,
                f"{_shown(error.instance)} is {_kind(error.instance)}, not {_kinds(error)}",
                _quote(error),
            )
        case "enum":
            choices = [str(value) for value in error.validator_value if value is not None]
            return path, *_not_among(error.instance, choices)
        case "const":
            return path, f"{_shown(error.instance)} must be {error.validator_value}", None
        case "pattern":
            return path, *_unlike(error)
    return path, *_bound(error)


def _unlike(error: Any) -> tuple[str, str | None]:
    about, pattern, shown = _about(error), str(error.validator_value), _shown(error.instance)
    if about and len(pattern) > LONGEST_PATTERN:
        return f"{shown} does not look like what belongs here", about
    likely = meant(error.instance) if AMOUNT.search(pattern) else None
    if likely and re.search(pattern, likely):
        return f"{shown} is no amount; did you mean {likely}?", about
    return f"{shown} does not look like {pattern}", about


def _bound(error: Any) -> tuple[str, str | None]:
    shown, limit = _shown(error.instance), error.validator_value
    match error.validator:
        case "maxLength":
            return f"longer than {limit} characters: {shown}", None
        case "minimum" | "maximum" if abs(limit) == EXACT:
            return f"the number is beyond {EXACT} and would become another one; quote it as text", INEXACT
        case "minimum":
            return f"{shown} is below {limit}", _about(error)
        case "maximum":
            return f"{shown} is above {limit}", _about(error)
        case "minItems":
            return f"an empty list says nothing; give it {limit} or more entries", _about(error)
        case "uniqueItems":
            twice = next(one for at, one in enumerate(error.instance) if one in error.instance[:at])
            return f"{_shown(twice)} stands twice", _about(error)
        case "not":
            return f"{shown} is not allowed", _about(error)
    return without_credentials(error.message)[:200], _about(error)


def _unknown_key(error: Any, path: KeyPath, schema: Mapping[str, Any]) -> tuple[KeyPath, str, str | None]:
    known = list(error.schema.get("properties", {}))
    forms = list(error.schema.get("patternProperties", {}))
    unknown: str = next(
        name
        for name in error.instance
        if name not in known and not any(re.search(one, name) for one in forms)
    )
    ours = called_here(unknown, error.schema.get("properties", {}))
    if ours is not None:
        return (*path, unknown), f"unknown key; here it is {dotted(ours)}", None
    if path and unknown in schema.get("properties", {}):
        return (*path, unknown), "unknown key here; it belongs at the top of the file", None
    elsewhere = _one_place([*_places(error.schema, unknown)] or [*_places(schema, unknown)], path)
    if elsewhere:
        return (*path, unknown), f"unknown key here; it belongs under {elsewhere}", None
    if not path and _is_application(error.instance[unknown], schema):
        return (unknown,), "unknown key here; an application belongs under applications", None
    odd = ", ".join(named(letter) for letter in dict.fromkeys(unknown) if not letter.isascii())
    has = f" with {odd} in it" if odd else ""
    near = difflib.get_close_matches(unknown, known, n=1, cutoff=0.6)
    if near:
        return (*path, unknown), f"unknown key{has}; did you mean {near[0]}?", None
    close = difflib.get_close_matches(unknown, known, n=1, cutoff=0.0)
    # Names of a form have no list; what describes the form gives an example.
    more = [str(form["description"]) for form in error.schema.get("patternProperties", {}).values()]
    hint = " - ".join([f"known here: {', '.join(sorted(known))}", *more]) if known else None
    return (*path, unknown), f"unknown key{has}" + (f"; the nearest is {close[0]}" if close else ""), hint


def _one_place(places: list[KeyPath], path: KeyPath) -> str | None:
    """Where a key belongs, of the places that know it: above where it stands, else the one nearest the top.

    Inside an application its own places count, as which those below defaults are said.
    """
    own = path[:2] if path[:1] in (("applications",), ("roles",)) else path[:1]
    if inside := [(*own, *place[1:]) for place in places if place[0] == "defaults"]:
        places = inside if own[:1] in (("applications",), ("roles",), ("defaults",)) else places
    above = [place for place in places if place == path[: len(place)]]
    least = min(map(len, places), default=0)
    nearest = above or [place for place in places if len(place) == least]
    return dotted(nearest[0]) if len(nearest) == 1 else None


def _is_application(value: object, schema: Mapping[str, Any]) -> bool:
    known = schema.get("$defs", {}).get("application", {}).get("properties", {})
    return isinstance(value, Mapping) and bool(value) and all(key in known for key in value)


def _places(schema: Mapping[str, Any], key: str, at: KeyPath = ()) -> Iterable[KeyPath]:
    for name, part in schema.get("properties", {}).items():
        if name == key and at:
            yield at
        target = part.get("$ref", "").removeprefix("#/$defs/")
        if target and "$defs" in schema:
            part = schema["$defs"].get(target, part)  # noqa: PLW2901
        yield from _places(part, key, (*at, name))


def _not_among(value: object, choices: list[str]) -> tuple[str, str | None]:
    message = f"{_shown(value)} is not one of {', '.join(choices)}"
    if value is False and "Off" in choices:
        return message, 'YAML reads Off as a truth value: write it in quotes, "Off"'
    same = [one for one in choices if one.lower() == str(value).lower()]
    near = same or difflib.get_close_matches(str(value), choices, n=1, cutoff=0.5)
    return message + (f"; did you mean {near[0]}?" if near else ""), None


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case Written():
            text = value.text
        case str():
            text = repr(shown(value))
        case bool():
            text = str(value).lower()
        case _:
            text = str(shown(value))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a map"
        case list():
            return "a list"
    return "empty"


INEXACT = "Helm reads numbers as floats, in which long whole numbers lose their last digits"

_WORDS = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def _kinds(error: Any) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return " or ".join(_WORDS[name] for name in wanted if name in _WORDS)


def _quote(error: Any) -> str | None:
    given, pattern = error.instance, str(error.schema.get("pattern", ""))
    text = str(given).lower() if isinstance(given, bool) else str(given)
    if "text" in _kinds(error) and isinstance(given, int | float | bool) and re.search(pattern, text):
        return "write it in quotes, in a values file"
    return _about(error)


def _about(error: Any) -> str | None:
    description = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    return str(description) if description else None
