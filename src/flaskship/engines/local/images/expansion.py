"""The Dockerfile's own small shell: words, quotes and ${variables}."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]")
_MODIFIED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(:?[-+?])(.*)", re.DOTALL)


class ExpansionError(ValueError):
    """A quote or a brace is not closed, or a variable is used in a way that is not supported."""


@dataclass(slots=True)
class _Scanner:
    text: str
    variables: Mapping[str, str]
    escape: str
    at: int = 0
    word: list[str] = field(default_factory=list)
    started: bool = False

    def take(self, value: str) -> None:
        self.word.append(value)
        self.started = True


def expand(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """The text as one word: variables replaced, quotes removed, blanks kept."""
    return "".join(_scan(text, variables, escape, split=False))


def split_words(text: str, variables: Mapping[str, str], escape: str = "\\") -> tuple[str, ...]:
    """The text's words: variables replaced, quotes removed; an expanded blank does not split."""
    return tuple(_scan(text, variables, escape, split=True))


def _scan(text: str, variables: Mapping[str, str], escape: str, *, split: bool) -> list[str]:
    scanner = _Scanner(text, variables, escape)
    words: list[str] = []
    while scanner.at < len(text):
        char = text[scanner.at]
        if split and char in " \t":
            scanner.at += 1
            if scanner.started:
                words.append("".join(scanner.word))
                scanner.word, scanner.started = [], False
        else:
            _scan_one(scanner, char)
    if scanner.started or not split:
        words.append("".join(scanner.word))
    return words


def _scan_one(scanner: _Scanner, char: str) -> None:
    if char == "'":
        scanner.take(_single_quoted(scanner))
    elif char == '"':
        _double_quoted(scanner)
    elif char == scanner.escape:
        scanner.take(scanner.text[scanner.at + 1 : scanner.at + 2])
        scanner.at += 2
    elif char == "$":
        scanner.take(_variable(scanner))
    else:
        scanner.take(char)
        scanner.at += 1


def _single_quoted(scanner: _Scanner) -> str:
    end = scanner.text.find("'", scanner.at + 1)
    if end < 0:
        raise ExpansionError("a ' is not closed")
    value = scanner.text[scanner.at + 1 : end]
    scanner.at = end + 1
    return value


def _double_quoted(scanner: _Scanner) -> None:
    scanner.at += 1
    scanner.take("")
    while scanner.at < len(scanner.text):
        char = scanner.text[scanner.at]
        if char == '"':
            scanner.at += 1
            return
        if char == "$":
            scanner.take(_variable(scanner))
        elif char == scanner.escape and scanner.text[scanner.at + 1 : scanner.at + 2] in {'"', "$", char}:
            scanner.take(scanner.text[scanner.at + 1])
            scanner.at += 2
        else:
            scanner.take(char)
            scanner.at += 1
    raise ExpansionError('a " is not closed')


def _variable(scanner: _Scanner) -> str:
    scanner.at += 1
    if scanner.text[scanner.at : scanner.at + 1] == "{":
        return _braced(scanner)
    match = _NAME.match(scanner.text, scanner.at)
    if match is None:
        return "$"
    scanner.at = match.end()
    return scanner.variables.get(match.group(), "")


def _braced(scanner: _Scanner) -> str:
    start, depth = scanner.at + 1, 0
    for end in range(scanner.at, len(scanner.text)):
        depth += {"{": 1, "}": -1}.get(scanner.text[end], 0)
        if depth == 0:
            break
    else:
        raise ExpansionError("a ${ is not closed")
    scanner.at = end + 1
    return _substitute(scanner.text[start:end], scanner.variables, scanner.escape)


def _substitute(body: str, variables: Mapping[str, str], escape: str) -> str:
    if _NAME.fullmatch(body):
        return variables.get(body, "")
    match = _MODIFIED.fullmatch(body)
    if match is None:
        raise ExpansionError(
            f"${{{body}}} is not supported: use ${{NAME}}, ${{NAME:-word}} or ${{NAME:+word}}"
        )
    name, modifier, word = match.groups()
    value = variables.get(name)
    present = bool(value) if modifier.startswith(":") else value is not None
    if modifier.endswith("+"):
        return expand(word, variables, escape) if present else ""
    if present:
        return value or ""
    if modifier.endswith("?"):
        raise ExpansionError(f"{name}: {word or 'is not set'}")
    return expand(word, variables, escape)
