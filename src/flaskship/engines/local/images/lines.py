"""A Dockerfile's text as logical lines: directives, comments and continuations resolved."""

import re
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.errors import DockerfileInvalidError
from flaskship.model.location import Location

_DIRECTIVE = re.compile(r"^\s*#\s*([A-Za-z][\w-]*)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"(?<!<)<<-?\s*(['\"]?)([A-Za-z_][\w.-]*)\1")
_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_TAKES_HEREDOC = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """One instruction: the line it starts on, its keyword in capitals and the rest, joined."""

    number: int
    keyword: str
    rest: str


@dataclass(frozen=True, slots=True)
class LogicalText:
    """All instructions of a file and the escape character that it chose."""

    escape: str
    lines: tuple[LogicalLine, ...]


def read_logical_lines(text: str, path: Path) -> LogicalText:
    """Split a Dockerfile into instructions; a here-document is refused where it stands."""
    physical = text.lstrip("\ufeff").splitlines()
    escape = _escape_directive(physical, path)
    lines: list[LogicalLine] = []
    parts: list[str] = []
    start = 0
    for number, raw in enumerate(physical, start=1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not parts:
            start = number
        body, continues = _without_continuation(raw if parts else raw.lstrip(), escape)
        parts.append(body)
        if not continues:
            lines.append(_logical(start, "".join(parts), path))
            parts = []
    if parts:
        lines.append(_logical(start, "".join(parts), path))
    return LogicalText(escape, tuple(lines))


def _escape_directive(physical: list[str], path: Path) -> str:
    for number, raw in enumerate(physical, start=1):
        match = _DIRECTIVE.match(raw)
        if match is None or match.group(1).lower() not in _DIRECTIVES:
            break
        name, value = match.group(1).lower(), match.group(2)
        if name != "escape":
            continue
        if value not in {"\\", "`"}:
            raise DockerfileInvalidError(
                f"the escape directive knows \\ and `, not {value!r}", location=Location(path, number)
            )
        return value
    return "\\"


def _without_continuation(raw: str, escape: str) -> tuple[str, bool]:
    trimmed = raw.rstrip()
    if trimmed.endswith(escape):
        return trimmed[:-1], True
    return trimmed, False


def _logical(number: int, text: str, path: Path) -> LogicalLine:
    keyword, _, rest = text.strip().partition(" ")
    if "\t" in keyword:
        keyword, _, tail = keyword.partition("\t")
        rest = f"{tail} {rest}"
    keyword = keyword.upper()
    if keyword in _TAKES_HEREDOC and _HEREDOC.search(rest):
        raise DockerfileInvalidError(
            f"{keyword} with a here-document cannot be followed on this machine",
            location=Location(path, number),
            hint="write it as a file of the context and COPY or RUN that file",
        )
    return LogicalLine(number, keyword, rest.strip())
