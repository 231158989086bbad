"""Where in the chart's templates a field of a rendered object stands."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flaskship.chart.set_syntax import parse_path
from flaskship.chart.yamlfile import KeyPath, index_yaml
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

_SEPARATOR = re.compile(r"^---[ \t]*", re.MULTILINE)


def line_of(template: Path, document: Mapping[str, Any], field: str) -> Location:
    """Return the line that writes the field, or that of the nearest one above it.

    A file that is a manifest as it stands is read as one. In a template only a key that it writes once is
    certain: the nearest such one on the field's path, else the file alone.
    """
    try:
        text = template.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return Location(template)
    path = parse_path(field)
    return Location(template, _written_once(text, path) if "{{" in text else _standing(text, document, path))


def _standing(text: str, document: Mapping[str, Any], path: KeyPath) -> int:
    for first, content, lines in _documents(text):
        if _identity(content) == _identity(document):
            for end in range(len(path), 0, -1):
                if line := lines.get(path[:end]):
                    return first + line
            return first + lines.get(("kind",), 1)
    return 0


def _documents(text: str) -> Iterator[tuple[int, Mapping[str, Any], Mapping[KeyPath, int]]]:
    """Each document of a file: how many lines stand before it, its content, the line of each path in it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    ends = [match.start() for match in _SEPARATOR.finditer(text)] + [len(text)]
    begin = 0
    for end in ends:
        part = _SEPARATOR.sub(lambda match: " " * len(match[0]), text[begin:end], count=1)
        try:
            content = YAML(typ="safe", pure=True).load(part)
            index = index_yaml(part, Path())
        except (YAMLError, ConfigurationError, ValueError):
            content = None
        if isinstance(content, Mapping):
            yield text.count("\n", 0, begin), content, index
        begin = end


def _identity(document: Mapping[str, Any]) -> tuple[str, str]:
    return str(document.get("kind")), str((document.get("metadata") or {}).get("name"))


def _written_once(text: str, path: KeyPath) -> int:
    for key in reversed(path):
        if isinstance(key, str):
            found = [
                number
                for number, line in enumerate(text.splitlines(), 1)
                if re.match(rf"\s*(?:- )?[\"']?{re.escape(key)}[\"']?\s*:", line)
            ]
            if len(found) == 1:
                return found[0]
    return 0
