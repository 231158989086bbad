"""Which field of an object the server refuses, read out of its words for any kind."""

import json
import re
from collections.abc import Mapping
from typing import Any

from flaskship.model.release import Document

_KEYS = r"\[(?:\"(?:[^\"\\]|\\.)*\"|[^\]\"])*\]"
_PATH = rf"[A-Za-z][\w/$-]*(?:\.[\w/$-]+|{_KEYS})*"
_SAID = (
    # Of a typed object: .spec.ports[port=80,protocol="TCP"].targetPrt: field not declared in schema
    re.compile(rf"(?:^|\s)\.(?P<path>{_PATH}): "),
    re.compile(rf"unknown field \"(?P<path>{_PATH})\""),
    # Of what was validated: spec.ports[0].port: Invalid value: 800000: must be between 1 and 65535
    re.compile(
        rf"(?P<path>{_PATH}): (?:Invalid|Required|Duplicate|Unsupported) value|(?P<other>{_PATH}): "
        "(?:Forbidden|Not found|Too long|Too many|Internal error)"
    ),
)
_STEP = re.compile(rf"(?P<keys>{_KEYS})|\.?(?P<name>[\w/$-]+)")
_KEY = re.compile(r"(?P<name>\w*)=(?P<value>\"(?:[^\"\\]|\\.)*\"|[^,\]]+)")


def refused_field(said: str, document: Document) -> str:
    """Return the path of the first field that the server's words name, entries of lists by number.

    Empty where they name none; what the object does not have ends the path above it.
    """
    for pattern in _SAID:
        if found := pattern.search(said):
            return _numbered(found["path"] or found["other"], document)
    return ""


def _numbered(path: str, document: Document) -> str:
    at: Any = document
    told = ""
    for step in _STEP.finditer(path):
        if step["name"] is not None:
            told += f".{step['name']}" if told else step["name"]
            at = at.get(step["name"]) if isinstance(at, Mapping) else None
            continue
        number = _number(step["keys"], at)
        if number is None:
            return told
        told += f"[{number}]"
        at = at[number] if isinstance(at, list) and number < len(at) else None
    return told


def _number(keys: str, entries: Any) -> int | None:
    if keys[1:-1].isdigit():
        return int(keys[1:-1])
    wanted = {one["name"]: _value(one["value"]) for one in _KEY.finditer(keys)}
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        # What the document leaves to a default, such as a protocol, is no difference.
        if wanted and isinstance(entry, Mapping) and all(entry.get(k, v) == v for k, v in wanted.items()):
            return number
        if not isinstance(entry, Mapping) and wanted.get("") == entry:
            return number
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
