"""Finds the Python traceback in a log."""

import json
import re
from collections.abc import Iterable

MAX_LINES = 80
HEAD_LINES = 20

_HEADER = re.compile(r"^\s*(\+ )?(Exception Group )?Traceback \(most recent call last\):")
_BRIDGES = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_ERROR = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(: (?P<message>.*))?$")
_FILE = re.compile(r'^\s*File ".*", line \d+')
_SYNTAX = ("SyntaxError", "IndentationError", "TabError")


def isolate_traceback(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the last traceback with all that it is chained to, cut in its middle when long; else nothing."""
    log = _unwrapped(lines)
    start = _last_start(log)
    if start is None:
        return ()
    end = _end(log, start)
    while (earlier := _chained_to(log, start)) is not None:
        start = earlier
    return _shortened(log[start:end])


def raised(traceback: tuple[str, ...]) -> tuple[str, str] | None:
    """Return (type, message) of the exception that a traceback ends with; the type without its module."""
    for line in reversed(traceback):
        # The outermost lines of a group's traceback stand behind two blanks and a bar.
        text = line.removeprefix("  | ")
        found = None if text[:1].isspace() else _ERROR.match(text)
        if found:
            return found["type"].rpartition(".")[2], found["message"] or ""
    return None


def _unwrapped(lines: Iterable[str]) -> list[str]:
    """Split the lines, and take tracebacks out of JSON log records."""
    log: list[str] = []
    for line in lines:
        text = line.rstrip()
        record = _record(text) if text.startswith("{") and "Traceback" in text else None
        log += record.splitlines() if record is not None else text.splitlines() or [""]
    return log


def _record(text: str) -> str | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    values = fields.values() if isinstance(fields, dict) else ()
    return next((one.rstrip() for one in values if isinstance(one, str) and "Traceback (most" in one), None)


def _last_start(log: list[str]) -> int | None:
    for index in range(len(log) - 1, -1, -1):
        if _HEADER.match(log[index]):
            return index
        # The parser's own errors in the main script come without a header.
        if log[index].startswith(_SYNTAX):
            file = index
            while file > 0 and log[file - 1][:1].isspace():
                file -= 1
            if file < index and _FILE.match(log[file]) and not (file and _HEADER.match(log[file - 1])):
                return file
    # A log that was cut within a traceback begins with its frames.
    return 0 if any(_FILE.match(line) for line in log[:2]) and log[0][:1].isspace() else None


def _end(log: list[str], start: int) -> int:
    index = start + 1
    while index < len(log) and (log[index][:1].isspace() or not log[index]):
        index += 1
    index = min(index + 1, len(log))
    # An exception's own lines: notes and further lines of its message are indented.
    while index < len(log) and log[index][:1].isspace() and not _HEADER.match(log[index]):
        index += 1
    return index


def _chained_to(log: list[str], start: int) -> int | None:
    bridge = start - 1
    while bridge >= 0 and not log[bridge]:
        bridge -= 1
    if bridge < 0 or log[bridge].strip() not in _BRIDGES:
        return None
    return next((index for index in range(bridge - 1, -1, -1) if _HEADER.match(log[index])), None)


def _shortened(block: list[str]) -> tuple[str, ...]:
    if len(block) <= MAX_LINES:
        return tuple(block)
    tail = MAX_LINES - HEAD_LINES - 1
    left_out = len(block) - HEAD_LINES - tail
    return (*block[:HEAD_LINES], f"... {left_out} lines left out ...", *block[-tail:])
