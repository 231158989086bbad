"""Tails the log file of a replica: complete lines with offsets, bounded whatever is written to it.

Replicas hold O_APPEND descriptors, so a file that grew too long is copied and truncated under them.
What is written in the instant between the last read and the truncation is lost; nothing else is.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from flaskship.engines.local.processes.changes import Change
from flaskship.model.frozen import dataclass

LINE_LIMIT = 64 * 1024
_CHUNK = 256 * 1024
_PACE_SECONDS = 0.02
_COPY = 1024 * 1024

Sleep = Callable[[float], Awaitable[None]]


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
        self.skipped = 0
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

    @property
    def behind(self) -> int:
        """How many bytes of the file are not read yet."""
        with suppress(OSError):
            return max(0, self.path.stat().st_size - self._read_to)
        return 0

    def cap(self, most: int, keep: int) -> bool:
        """Return whether the file had grown beyond `most`: its last `keep` bytes are in FILE.1 then.

        What nobody read yet is waited for, but not beyond twice the cap: a writer that is faster than
        any reader must not fill the disk. What is passed over so is counted in `skipped`.
        """
        with suppress(FileNotFoundError):
            size = self.path.stat().st_size
            if size <= most or (self.behind and size <= 2 * most):
                return False
            copy_truncate(self.path, keep)
            passed_over = max(0, size - self._read_to)
            self.skipped += passed_over
            self._restart(pending=not passed_over)
            return True
        return False

    def _restart(self, *, pending: bool = False) -> None:
        self.offset = self._read_to = 0
        if not pending:
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


async def follow(tail: LogTail, change: Change, sleep: Sleep) -> AsyncIterator[tuple[LogLine, ...]]:
    """Yield batches of new lines for ever; between batches others get their turn."""
    while True:
        lines = tail.read()
        if lines:
            yield lines
        if tail.behind:
            await sleep(0)
            continue
        await change.wait()
        await sleep(_PACE_SECONDS)


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
    """Put the last `keep` bytes of a file beside it as FILE.1 (0600) and empty it under its writers.

    Where there is no room for the copy, the file is emptied all the same: a full disk harms more than a log
    that is gone. A writer that is faster than the copy does not make it longer.
    """
    aside = path.with_name(path.name + ".new")
    with path.open("r+b", buffering=0) as source:
        source.seek(max(0, source.seek(0, os.SEEK_END) - keep))
        try:
            _copy(source, aside, keep)
            aside.replace(path.with_name(path.name + ".1"))
        except OSError:
            aside.unlink(missing_ok=True)
        source.truncate(0)


def _copy(source: FileIO, aside: Path, most: int) -> None:
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as target:
        while most > 0 and (data := source.read(min(_COPY, most))):
            target.write(data)
            most -= len(data)


def _text(line: bytes | bytearray) -> str:
    return bytes(line).decode(errors="replace").removesuffix("\r")
