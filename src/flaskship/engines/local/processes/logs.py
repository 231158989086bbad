"""Tails the log file of a replica: complete lines with offsets, bounded whatever is written to it.

Replicas hold O_APPEND descriptors, so a file that grew too long is copied to FILE.1 and truncated under them.
What is written in the instant between the copy and the truncation is lost, and what FILE.1 has no room for.
"""

import contextlib
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from flaskship.engines.local.processes.long_lines import after_newline, is_noted, unfinished
from flaskship.model.frozen import dataclass

LINE_LIMIT = 64 * 1024
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line as text, the offset after it, and whether its end was cut off."""

    text: str
    offset: int
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Copied:
    """Which bytes of a file FILE.1 holds since it was truncated; begin is end where it holds none of them."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Cuts:
    """How often a file was truncated, by which of these times FILE.1 came about, and what it holds."""

    count: int = 0
    aside: int = 0
    copied: Copied = Copied(0, 0)

    def then(self, copied: Copied) -> "Cuts":
        """Return this after one truncation more."""
        count = self.count + 1
        if copied.begin == copied.end:
            return Cuts(count, self.aside, self.copied)
        return Cuts(count, count, copied)


UNCUT = Cuts()


class LogTail:
    """Reads one file onward from an offset; a truncated file is read from its beginning."""

    def __init__(self, path: Path, offset: int = 0, limit: int = LINE_LIMIT, cuts: Cuts = UNCUT) -> None:
        self.path = path
        self.offset = offset
        self._read_to = offset
        self._limit = limit
        self._pending = bytearray()
        self._skipping = False
        self._cuts = cuts.count
        self._told = False

    def read_cut(self, cuts: Cuts) -> tuple[LogLine, ...]:
        """Return the lines that were put aside since the last read, if the file was truncated after it."""
        if cuts.count == self._cuts:
            return ()
        lines: tuple[LogLine, ...] = ()
        if cuts.aside > self._cuts:
            copied, begin = cuts.copied, self._read_to
            if begin < copied.begin or cuts.aside != self._cuts + 1:
                self._restart()
                begin = copied.begin
            if begin < copied.end:
                lines = tuple(self._lines(_read_aside(self.path, begin - copied.begin)))
        # The line that went on is in the file again, from its beginning.
        told = self._skipping
        self._restart()
        self._told, self._cuts = told, cuts.count
        return lines

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
            if not (self._skipping or self._is_told(data[start:end])):
                lines.append(self._complete(data[start:end], position))
            self._pending.clear()
            self._skipping = False
            self.offset = position
            start = end + 1
        self._keep(data[start:], lines, self._read_to + len(data))
        self._read_to += len(data)
        return lines

    def _is_told(self, last: bytes) -> bool:
        """Whether this is the beginning of a line that was cut, and its beginning was returned before."""
        if self._told and is_noted(bytes(self._pending) + last):
            self._told = False
            return True
        return False

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


def _read_aside(path: Path, offset: int) -> bytes:
    try:
        with beside(path).open("rb", buffering=0) as file:
            file.seek(offset)
            return file.readall()
    except FileNotFoundError:
        return b""


def beside(path: Path) -> Path:
    """Return where the lines are that a truncated file had before."""
    return path.with_name(path.name + ".1")


def whole_lines(path: Path) -> int:
    """Return the offset behind the last complete line of a file; 0 where there is none."""
    try:
        with path.open("rb", buffering=0) as file:
            return after_newline(file, 0, file.seek(0, os.SEEK_END))
    except FileNotFoundError:
        return 0


def all_last_lines(path: Path, count: int, *, until: int | None = None) -> tuple[str, ...]:
    """Return the last lines of a file before the offset, and where they are fewer, of FILE.1 before them."""
    lines = last_lines(path, count, until=until)
    return last_lines(beside(path), count - len(lines)) + lines


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file had come when it had been truncated so often."""

    offset: int = 0
    cuts: int = 0


def mark(path: Path, cuts: Cuts) -> Mark:
    """Return where a file ends now."""
    return Mark(path.stat().st_size if path.exists() else 0, cuts.count)


def lines_since(path: Path, count: int, mark: Mark, cuts: Cuts) -> tuple[str, ...]:
    """Return the last lines after the mark: of the file, and where they are fewer, of FILE.1 before them."""
    if cuts.count == mark.cuts:
        return last_lines(path, count, since=mark.offset)
    lines = last_lines(path, count)
    if cuts.aside <= mark.cuts:
        return lines
    # Only the first copy after the mark can hold what was written before it.
    floor = max(0, mark.offset - cuts.copied.begin) if cuts.aside == mark.cuts + 1 else 0
    return last_lines(beside(path), count - len(lines), since=floor) + lines


def last_lines(
    path: Path, count: int, limit: int = LINE_LIMIT, *, since: int = 0, until: int | None = None
) -> tuple[str, ...]:
    """Return the last lines of a file between two offsets, read from its end, each cut at the limit."""
    if count <= 0:
        return ()
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            size = size if until is None else min(size, until)
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


def copy_truncate(path: Path, keep: int) -> Copied:
    """Empty a file under its writers and put the lines of its last `keep` bytes beside it as FILE.1 (0600).

    It is emptied as soon as they are read: a fast writer gets no further meanwhile, and a full disk has room
    for them then. Where it has not, they are gone: a full disk harms more. Of a line that goes on the
    beginning stays in the file, with a note of how much of it is gone: a runtime of containers keeps as much.
    That line is in the file alone, so that both together are what was written. Where it is all there was,
    FILE.1 stays as it is.
    """
    aside = path.with_name(path.name + ".new")
    with path.open("r+b", buffering=0) as source, path.open("ab", buffering=0) as target:
        size = end = source.seek(0, os.SEEK_END)
        begin = max(0, size - keep)
        source.seek(begin)
        last = source.read(keep)
        skipped = _broken(source, begin, last)
        begun = unfinished(source, last, size)
        # What is written while we look is dropped, too.
        kept = begun.text(os.fstat(source.fileno()).st_size - size) if begun is not None else b""
        source.truncate(0)
        if kept:
            with contextlib.suppress(OSError):
                target.write(kept)
                # A blank is what parts it from what came in the instant of an earlier cut.
                end = begun.start if begun is not None and begun.start > 1 else 0
    copied = memoryview(last)[skipped : max(skipped, end - begin)]
    if not copied:
        return Copied(end, end)
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            rest = copied
            while rest:
                rest = rest[target.write(rest) :]
        aside.replace(beside(path))
    except OSError:
        aside.unlink(missing_ok=True)
        return Copied(end, end)
    return Copied(begin + skipped, begin + skipped + len(copied))


def _broken(file: FileIO, begin: int, last: bytes) -> int:
    """Return how many bytes belong to a line that begins before; none where it has no end here either."""
    if not begin or os.pread(file.fileno(), 1, begin - 1) == b"\n":
        return 0
    return last.find(b"\n") + 1


def _text(line: bytes | bytearray) -> str:
    return bytes(line).decode(errors="replace").removesuffix("\r")
