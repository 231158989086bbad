"""Helm's --set language: dotted paths, escapes, {lists}, [indexes], null, true, false and whole numbers."""

import re
from collections.abc import Sequence
from typing import Any

from flaskship.chart.masking import GENERATED, MASK, without_credentials
from flaskship.chart.yamlfile import KeyPath
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass

LARGEST_INDEX = 65_536
DEEPEST = 30
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*|-0")
_LARGEST_NUMBER = 2**63


@dataclass(frozen=True, slots=True)
class Assignment:
    """One path and the value that a --set gives it."""

    path: KeyPath
    value: Any
    expression: str


def parse_sets(expressions: Sequence[str]) -> list[Assignment]:
    """The assignments of all --set options, in order; nonsense is a ConfigurationError that quotes it."""
    return [assignment for expression in expressions for assignment in _Reader(expression).assignments()]


def parse_path(text: str) -> KeyPath:
    """A dotted path alone, in the same language."""
    if not text.strip(". "):
        raise ConfigurationError("the path is empty", hint="name a value: applications.NAME.replicas")
    return _Reader(text.rstrip(".") + "=", f"path {_shown(text)}").path()


def assign(values: dict[str, Any], assignment: Assignment) -> None:
    """Put the value at its path, making maps and lists on the way as Helm does."""
    holder: Any = values
    for depth, following in enumerate(assignment.path[1:], start=1):
        wanted = list if isinstance(following, int) else dict
        holder = _step(holder, assignment.path[depth - 1], wanted)
        if holder is None:
            raise ConfigurationError(
                f"--set {_shown(assignment.expression)}: {assignment.path[depth - 1]} holds "
                f"{'no list' if wanted is list else 'no map'}, so nothing can be set below it"
            )
    last = assignment.path[-1]
    if isinstance(last, int):
        _grow(holder, last)
    holder[last] = assignment.value


def _step(holder: Any, part: str | int, wanted: type) -> Any:
    """What stands at a part, made if nothing does; None if it is of another kind."""
    if isinstance(part, int):
        _grow(holder, part)
        present = holder[part]
    else:
        present = holder.get(part)
    if present is None:
        present = wanted()
        holder[part] = present
    return present if isinstance(present, wanted) else None


def _grow(items: list[Any], index: int) -> None:
    items.extend([None] * (index + 1 - len(items)))


class _Reader:
    """Reads one option from left to right."""

    def __init__(self, expression: str, called: str | None = None) -> None:
        self._text = expression
        self._path_alone = called is not None
        self._called = called or f"--set {_shown(expression)}"
        self._at = 0

    def assignments(self) -> list[Assignment]:
        found = []
        while self._at < len(self._text):
            path = self.path()
            found.append(Assignment(path, self._value(), self._text))
        if not found:
            raise self._refusal("nothing is set", "KEY=VALUE")
        return found

    def path(self) -> KeyPath:
        """The path up to its equals sign."""
        path: list[str | int] = []
        while True:
            key, stop = self._until(".=[,")
            if stop in ("", ","):
                raise self._refusal(f"{_shown(key or self._text)} has no value", "KEY=VALUE")
            if key or not path or not isinstance(path[-1], int):
                if not key:
                    raise self._refusal("a key is empty", "KEY.KEY=VALUE")
                path.append(key)
            while stop == "[":
                path.append(self._index())
                stop = self._take()
            if len(path) > DEEPEST:
                raise self._refusal(f"more than {DEEPEST} levels deep", None)
            if stop == "=":
                return tuple(path)
            if stop != ".":
                raise self._refusal(
                    f"{stop or 'the end'!r} after an index", "KEY[0].KEY=VALUE or KEY[0]=VALUE"
                )

    def _index(self) -> int:
        text, stop = self._until("]")
        if stop != "]" or not text.isdecimal() or not text.isascii() or int(text) > LARGEST_INDEX:
            raise self._refusal(f"[{text} is no index from 0 to {LARGEST_INDEX}", "KEY[0]=VALUE")
        return int(text)

    def _value(self) -> Any:
        if self._text.startswith("{", self._at):
            self._at += 1
            return self._list()
        text, _ = self._until(",")
        return _typed(text)

    def _list(self) -> list[Any]:
        items: list[Any] = []
        while True:
            text, stop = self._until(",}")
            if stop == "":
                raise self._refusal("the list has no closing brace", "KEY={a,b}")
            # Helm's {} is a list with one empty text, and so is ours.
            items.append(_typed(text))
            if stop == "}":
                if self._at < len(self._text) and self._take() != ",":
                    raise self._refusal("text after the closing brace", "KEY={a,b},KEY2=VALUE")
                return items

    def _until(self, stops: str) -> tuple[str, str]:
        """Text up to one of the stops, backslashes taken off, and the stop: empty at the end."""
        text = ""
        while self._at < len(self._text):
            character = self._take()
            if character == "\\":
                text += self._take()
            elif character in stops:
                return text, character
            else:
                text += character
        return text, ""

    def _take(self) -> str:
        if self._at >= len(self._text):
            return ""
        self._at += 1
        return self._text[self._at - 1]

    def _refusal(self, problem: str, form: str | None) -> ConfigurationError:
        hint = f"the form is {form.partition('=')[0] if self._path_alone else form}" if form else None
        return ConfigurationError(f"{self._called}: {problem}", hint=hint)


def _shown(text: str) -> str:
    """The text as anybody may see it, cut; below secrets.generated everything is a secret."""
    head, equals, _ = text.partition("=")
    text = f"{head}={MASK}" if equals and head.startswith(".".join(GENERATED)) else without_credentials(text)
    return text if len(text) <= 80 else text[:77] + "..."


def _typed(text: str) -> Any:
    words = {"true": True, "false": False, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    if _WHOLE_NUMBER.fullmatch(text) and -_LARGEST_NUMBER <= int(text) < _LARGEST_NUMBER:
        return int(text)
    return text
