"""Tails the log file of a replica: complete lines with offsets, bounded whatever is written to it.

Replicas hold O_APPEND descriptors, so a file that grew too long is copied and truncated under them.
What is written in the instant between the last read and the truncation is lost; nothing else is.
"""

import contextlib
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from flaskship.engines.local.processes.long_lines import after_newline, unfinished
from flaskship.model.frozen import dataclass

LINE_LIMIT = 64 * 1024
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line as text, the offset after it, and whether its end was cut off."""

    text: str
    offset: int
    cut: bool = False


class LogTail:
    """Reads one file onward from an offset; a truncated file is read from its beginning."""

    def __init__(self, path: Path, offset: int = 0, limit: int = LINE_LIMIT) -> None:
        self.path = path
        self.offset = offset
        self._read_to = offset
        self._limit = limit
        self._pending = bytearray()
        self._skipping = False

    def read(self) -> tuple[LogLine, ...]:
        """Return the next complete lines, at most one chunk of the file."""
        try:
            with self.path.open("rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size < self._read_to:
                    self._restart()
                file.seek(self._read_to)
                data = file.read(_CHUNK)
        except FileNotFoundError:
            return ()
        return tuple(self._lines(data))

    def finish(self) -> tuple[LogLine, ...]:
        """Return what stands after the last newline, when its writer has gone."""
        lines: tuple[LogLine, ...] = ()
        if self._pending and not self._skipping:
            lines = (LogLine(_text(self._pending), self._read_to),)
        self._pending.clear()
        self._skipping = False
        self.offset = self._read_to
        return lines

    def _restart(self) -> None:
        self.offset = self._read_to = 0
        self._pending.clear()
        self._skipping = False

    def _lines(self, data: bytes) -> "list[LogLine]":
        lines: list[LogLine] = []
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            position = self._read_to + end + 1
            if not self._skipping:
                lines.append(self._complete(data[start:end], position))
            self._pending.clear()
            self._skipping = False
            self.offset = position
            start = end + 1
        self._keep(data[start:], lines, self._read_to + len(data))
        self._read_to += len(data)
        return lines

    def _complete(self, last: bytes, position: int) -> LogLine:
        whole = bytes(self._pending) + last
        return LogLine(_text(whole[: self._limit]), position, cut=len(whole) > self._limit)

    def _keep(self, rest: bytes, lines: list[LogLine], position: int) -> None:
        if self._skipping:
            self.offset = position
            return
        self._pending += rest
        if len(self._pending) > self._limit:
            lines.append(LogLine(_text(self._pending[: self._limit]), position, cut=True))
            self._pending.clear()
            self._skipping = True
            self.offset = position


def last_lines(path: Path, count: int, limit: int = LINE_LIMIT, *, since: int = 0) -> tuple[str, ...]:
    """Return the last lines of a file after the offset `since`, read from its end, each cut at the limit."""
    if count <= 0:
        return ()
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            # A file that was cut back since then holds nothing but newer lines.
            return tuple(_lines_before(file, size, since if since <= size else 0, count, limit))
    except FileNotFoundError:
        return ()


def _lines_before(file: FileIO, size: int, floor: int, count: int, limit: int) -> Iterator[str]:
    """Yield the last lines before `size`; however long one is, no more of it is held than is shown."""
    descriptor = file.fileno()
    end = size - 1 if size > floor and os.pread(descriptor, 1, size - 1) == b"\n" else size
    ends = [end]
    starts: list[int] = []
    if size == floor:
        return
    while len(starts) < count:
        start = after_newline(file, floor, ends[-1])
        starts.append(start)
        if start == floor:
            break
        ends.append(start - 1)
    for start, stop in zip(reversed(starts), reversed(ends[: len(starts)]), strict=True):
        yield _text(os.pread(descriptor, min(limit, stop - start), start))


def copy_truncate(path: Path, keep: int) -> None:
    """Empty a file under its writers and put its last `keep` bytes beside it as FILE.1 (0600).

    It is emptied as soon as they are read: a fast writer gets no further meanwhile, and a full disk has room
    for them then. Where it has not, they are gone: a full disk harms more. Of a line that goes on the
    beginning stays in the file, with a note of how much of it is gone: a runtime of containers keeps as much.
    """
    aside = path.with_name(path.name + ".new")
    with path.open("r+b", buffering=0) as source, path.open("ab", buffering=0) as target:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(0, size - keep))
        last = source.read(keep)
        begun = unfinished(source, last, size)
        # What is written while we look is dropped, too.
        kept = begun.text(os.fstat(source.fileno()).st_size - size) if begun is not None else b""
        source.truncate(0)
        if kept:
            with contextlib.suppress(OSError):
                target.write(kept)
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            rest = memoryview(last)
            while rest:
                rest = rest[target.write(rest) :]
        aside.replace(path.with_name(path.name + ".1"))
    except OSError:
        aside.unlink(missing_ok=True)


def _text(line: bytes | bytearray) -> str:
    return bytes(line).decode(errors="replace").removesuffix("\r")
