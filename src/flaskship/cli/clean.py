"""Text that is safe on a terminal, and its colours."""

import re
from pathlib import Path

from flaskship.model.location import Location

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_COLOURS = {
    "Healthy": "32",
    "Ready": "32",
    "successful": "32",
    "Progressing": "33",
    "Starting": "33",
    "inconclusive": "33",
    "warning": "33",
    "Degraded": "31",
    "Failed": "31",
    "CrashLoopBackOff": "31",
    "failed": "31",
}
REPLICAS = ("36", "35", "34", "32", "33", "96", "95", "94", "92", "93")
"""Colours that tell replicas apart; red means a failure."""
_WORD = re.compile(r"\b(" + "|".join(_COLOURS) + r")\b")


def printable(text: str) -> str:
    """Return what a replica wrote without anything that steers a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _SEQUENCE.sub("", text))


def paint(line: str) -> str:
    """Return the line with the first word that names a state in its colour."""
    return _WORD.sub(lambda found: f"\x1b[{_COLOURS[found[1]]}m{found[1]}\x1b[0m", line, count=1)


def tinted(line: str, head: str, number: int) -> str:
    """Return the line with its head in the colour of the replica that appeared as this number."""
    return f"\x1b[{REPLICAS[number % len(REPLICAS)]}m{head}\x1b[0m{line.removeprefix(head)}"


def near(location: Location) -> str:
    """Return a place as somebody in this folder would write it."""
    path, here = Path(location.file), Path.cwd()
    shown = str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)
    return f"{shown}:{location.line}" if location.line else shown
