"""Terraform's literals (strings, numbers, lists, objects), which is all that .tfvars and defaults hold."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

_TOKEN = re.compile(
    r"(?P<skip>[ \t\r\n,]+|#[^\n]*|//[^\n]*|/\*.*?\*/)"
    r'|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<mark>[\[\]{}=:])",
    re.DOTALL,
)
_VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_DEFAULT = re.compile(r"^  default\s*=", re.MULTILINE)
_WORDS = {"true": True, "false": False, "null": None}


def read_settings(file: Path) -> dict[str, Any]:
    """Return what a .tfvars file sets; ConfigurationError names the line that is not a literal."""
    text = file.read_text()
    reader = _Reader(text, file)
    found = {}
    while not reader.done:
        name = reader.take("name", "string")
        reader.expect("=")
        found[name] = reader.value()
    return found


def read_defaults(file: Path) -> dict[str, Any]:
    """Return the defaults of the variables that a file declares; those without one are left out."""
    text = file.read_text()
    found = {}
    for variable in _VARIABLE.finditer(text):
        if default := _DEFAULT.search(variable[2]):
            reader = _Reader(text, file, variable.start(2) + default.end())
            found[variable[1]] = reader.value()
    return found


class _Reader:
    """Goes through a text token by token, from an offset to wherever it is asked."""

    def __init__(self, text: str, file: Path, offset: int = 0) -> None:
        self._text, self._file, self._offset = text, file, offset
        self._tokens = self._read()
        self._next = next(self._tokens, None)

    def _read(self) -> Iterator[tuple[str, str, int]]:
        offset = self._offset
        while offset < len(self._text):
            match = _TOKEN.match(self._text, offset)
            if match is None:
                raise self._refusal(offset, f"{self._text[offset]!r} stands where a literal should")
            if match.lastgroup != "skip":
                assert match.lastgroup
                yield match.lastgroup, match[0], offset
            offset = match.end()

    @property
    def done(self) -> bool:
        """Tell whether nothing is left."""
        return self._next is None

    def take(self, *kinds: str) -> str:
        """Return the next token's text, which must be of one of the kinds."""
        if self._next is None:
            raise self._refusal(len(self._text), "the file ends where a literal should stand")
        kind, text, offset = self._next
        if kind not in kinds:
            raise self._refusal(offset, f"{text} stands where a {kinds[0]} should")
        self._next = None
        self._next = next(self._tokens, None)
        return self._unquoted(text, offset) if kind == "string" else text

    def expect(self, *marks: str) -> None:
        """Take one of the marks."""
        offset = self._next[2] if self._next else len(self._text)
        found = self.take("mark")
        if found not in marks:
            raise self._refusal(offset, f"{found} stands where {marks[0]} should")

    def value(self) -> Any:
        """Take a whole value."""
        if self._next is None:
            raise self._refusal(len(self._text), "the file ends where a value should stand")
        kind, text, offset = self._next
        if kind == "string":
            return self.take("string")
        if kind == "number":
            return Decimal(self.take("number"))
        if kind == "name" and text in _WORDS:
            return _WORDS[self.take("name")]
        if text == "[":
            self.expect("[")
            return list(self._until("]", self.value))
        if text == "{":
            self.expect("{")
            return dict(self._until("}", self._entry))
        raise self._refusal(offset, f"{text} is not a literal")

    def _entry(self) -> tuple[str, Any]:
        name = self.take("name", "string")
        self.expect("=", ":")
        return name, self.value()

    def _until(self, end: str, part: Any) -> Iterator[Any]:
        while self._next is None or self._next[1] != end:
            yield part()
        self.expect(end)

    def _unquoted(self, text: str, offset: int) -> str:
        if "${" in text or "%{" in text:
            raise self._refusal(offset, f"{text} is a template, not a literal")
        return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text[1:-1])

    def _refusal(self, offset: int, message: str) -> ConfigurationError:
        line = self._text.count("\n", 0, offset) + 1
        return ConfigurationError(message, location=Location(str(self._file), line))
