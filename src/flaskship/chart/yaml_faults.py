"""What is wrong with a text that is no YAML, in words of whoever wrote it, and the line that has it."""

import re
import unicodedata
from typing import Any

_CONFLICT = re.compile(r"^(<{7}|>{7})( |$)")
# What looks like a plain space, or nothing, where YAML wants one: in an indent, after a colon or a dash.
_ODD = re.compile(r"(?:^[^\S]*|[:-] *)([^\S \t]|[\u00ad\u200b-\u200f\u2060\ufeff])")
_CANNOT_START = re.compile(r"found character '([@`%])' that cannot start any token")

QUOTE = "write the whole value in quotes"


def explained(error: Any, text: str) -> tuple[str, int, str | None]:
    """The problem, its line from 1 (0: unknown) and what to do; no text of the file, which may be secret."""
    lines = text.split("\n")
    mark = error.problem_mark or error.context_mark
    last = mark.line + 1 if mark else 0
    first = error.context_mark.line + 1 if error.context_mark else last
    for number, line in enumerate(lines, 1):
        if _CONFLICT.match(line):
            return "a merge conflict that nobody has resolved", number, "keep one of the two sides"
    # A line that goes on from the one before is blamed for what stands in that one.
    for number in range(max(first - 1, 1), min(last, len(lines)) + 1):
        if odd := _ODD.search(lines[number - 1]):
            return f"it has {named(odd[1])}", number, "write a plain space, or nothing, in its place"
    problem = " ".join(str(part) for part in (error.context, error.problem) if part)
    if "'\\t'" in problem:
        return "a tab, where YAML wants spaces", last, "indent, and part a key from its value, with spaces"
    if error.context == "while scanning a quoted scalar" and "end of stream" in problem:
        return "a quote is opened here and never closed", first, None
    if error.context == "while scanning a simple key":
        return "a line that is neither 'key: value' nor '- entry'", first, None
    if found := _CANNOT_START.search(problem):
        return f"a value cannot begin with {found[1]}", last, QUOTE
    if error.problem == "mapping values are not allowed here":
        return (
            "a second ': ' in one line, or a key that stands too far right",
            last,
            f"{QUOTE}, or indent less",
        )
    return problem, last, None


def named(letter: str) -> str:
    """A letter by its number and name, as Unicode has them."""
    return f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".strip()
