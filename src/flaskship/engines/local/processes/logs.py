"""Tails the log file of a replica: complete lines with offsets, bounded whatever is written to it.

Replicas hold O_APPEND descriptors, so a file that grew too long is copied and truncated under them.
What is written in the instant between the last read and the truncation is lost; nothing else is.
"""

import os
from pathlib import Path

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
    most = min(count * limit, 16 * 1024 * 1024)
    data = b""
    try:
        with path.open("rb", buffering=0) as file:
            position = file.seek(0, os.SEEK_END)
            # A file that was cut back since then holds nothing but newer lines.
            floor = since if since <= position else 0
            while position > floor and len(data) < most and data.count(b"\n", 0, -1) < count:
                step = min(65536, position - floor)
                position = file.seek(position - step)
                data = file.read(step) + data
    except FileNotFoundError:
        return ()
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    return tuple(_text(line[:limit]) for line in lines[-count:])


def copy_truncate(path: Path, keep: int) -> None:
    """Empty a file under its writers and put its last `keep` bytes beside it as FILE.1 (0600).

    It is emptied as soon as they are read: a fast writer gets no further meanwhile, and a full disk has room
    for them then. Where it has not, they are gone: a full disk harms more.
    """
    aside = path.with_name(path.name + ".new")
    with path.open("r+b", buffering=0) as source:
        source.seek(max(0, source.seek(0, os.SEEK_END) - keep))
        last = source.read(keep)
        source.truncate(0)
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
