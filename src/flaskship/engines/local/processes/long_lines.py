"""The beginning of a line that is too long to be kept: what of it stays in a log that is cut back."""

import os
import re
from io import FileIO

from flaskship.model.frozen import dataclass

KEPT = 16 * 1024
"""What runtimes of containers keep in one piece."""
LONGEST_NOTE = 100
SEARCHED = 64 * 1024 * 1024
"""So much of a file's beginning is read for where a line begins: what came in the instant of a cut too."""
FIRST_STEP = 4096
"""Most lines are short."""
_STEP = 1024 * 1024
_NOTE = b" [flaskship: %d bytes of this line were dropped]\n"
_NOTED = re.compile(rb"(?s)(.{0,%d}) \[flaskship: (\d+) bytes of this line were dropped\]\n" % KEPT)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first bytes of a line that goes on, and how many behind them are dropped."""

    start: int
    """Where it begins in the file."""
    head: bytes
    dropped: int

    def text(self, more: int) -> bytes:
        """Return what to keep of it, where so many bytes more are dropped; a short line is kept whole."""
        dropped = self.dropped + more
        # What comes in the instant of the cut stands before it: it is no part of this line.
        return b"\n" + self.head + _NOTE % dropped if dropped else self.head


def unfinished(file: FileIO, last: bytes, size: int) -> Beginning | None:
    """Return the beginning of the line that a file of this size ends in the middle of; `last` is its end.

    The note of an earlier cut of the same line is counted on; also one behind which nothing came yet.
    """
    complete = not last or last.endswith(b"\n")
    start = size if complete else _start(file, last, size)
    descriptor = file.fileno()
    length = min(start, KEPT + LONGEST_NOTE)
    before = os.pread(descriptor, length, start - length)
    line = before[before.rfind(b"\n", 0, -1) + 1 :]
    if (noted := _NOTED.fullmatch(line)) is not None:
        # What came between that cut and its note belongs to the line as well.
        between = max(0, start - len(line) - 1)
        return Beginning(start - len(line), noted[1], int(noted[2]) + size - start + between)
    if complete:
        return None
    head = os.pread(descriptor, min(KEPT, size - start), start)
    return Beginning(start, head, size - start - len(head))


def is_noted(line: bytes) -> bool:
    """Tell whether a line, without its newline, is the beginning of one that was cut."""
    return _NOTED.fullmatch(line + b"\n") is not None


def _start(file: FileIO, last: bytes, size: int) -> int:
    """Where the last line begins.

    Its writer goes on while we look, so that looking must not take the longer the more there is: a line that
    is longer than what is kept began behind the last newline of the file's beginning.
    """
    if (newline := last.rfind(b"\n")) >= 0:
        return size - len(last) + newline + 1
    return after_newline(file, 0, min(size - len(last), SEARCHED))


def after_newline(file: FileIO, floor: int, end: int) -> int:
    """Return the place behind the last newline before `end`; the floor where there is none above it."""
    step = FIRST_STEP
    while end > floor:
        begin = max(floor, end - step)
        newline = os.pread(file.fileno(), end - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end, step = begin, _STEP
    return floor
