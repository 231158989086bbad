"""Where a body ends, told while it streams through."""

import re
from typing import Final

from flaskship.engines.local.router.heads import CHUNKED, UNTIL_CLOSE, BadMessage

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*+)?")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+")
_MAX_LINE: Final = 1024
_MAX_TRAILERS: Final = 16 * 1024


class LengthBody:
    """A body of a known number of bytes."""

    __slots__ = ("done", "left")

    def __init__(self, length: int) -> None:
        self.left = length
        self.done = length == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what belongs to the body and what follows it."""
        size = len(data)
        if size <= self.left:
            self.left -= size
            self.done = self.left == 0
            return data, b""
        body, rest = data[: self.left], data[self.left :]
        self.left = 0
        self.done = True
        return body, rest


class EndlessBody:
    """A body that ends with its connection."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return everything: nothing follows."""
        return data, b""


class ChunkedBody:
    """A chunked body, written anew: sizes without extensions, trailer fields left out."""

    __slots__ = ("_left", "_line", "_state", "_status", "_trailers", "done")

    def __init__(self, status: int) -> None:
        self._status = status
        self._state = "size"
        self._left = 0
        self._line = b""
        self._trailers = 0
        self.done = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the chunks to send on and what follows the body; BadMessage for bad chunking."""
        if self._left > len(data):
            self._left -= len(data)
            return data, b""
        out: list[bytes] = []
        position, end = 0, len(data)
        while position < end and not self.done:
            if self._left:
                piece = data[position : position + self._left]
                self._left -= len(piece)
                position += len(piece)
                out.append(piece)
                continue
            stop = data.find(b"\n", position)
            stop = end if stop < 0 else stop + 1
            self._line += data[position:stop]
            position = stop
            if not self._line.endswith(b"\n"):
                self._check(len(self._line) <= _MAX_LINE, "a line of the chunked body is too long")
                break
            self._check(
                self._line.endswith(b"\r\n") and len(self._line) <= _MAX_LINE, "a chunk's line is malformed"
            )
            line, self._line = self._line[:-2], b""
            self._take(line, out)
        return b"".join(out), data[position:]

    def _take(self, line: bytes, out: list[bytes]) -> None:
        if self._state == "size":
            matched = _SIZE.fullmatch(line)
            if matched is None:
                raise BadMessage(self._status, "a chunk's size is malformed")
            self._left = int(matched.group(1), 16)
            self._state = "after" if self._left else "trailer"
            if self._left:
                out.append(b"%x\r\n" % self._left)
        elif self._state == "after":
            self._check(not line, "a chunk is longer than its size")
            out.append(b"\r\n")
            self._state = "size"
        elif line:
            self._trailers += len(line)
            self._check(
                _TRAILER.fullmatch(line) is not None and self._trailers <= _MAX_TRAILERS,
                "a trailer field is malformed",
            )
        else:
            out.append(b"0\r\n\r\n")
            self.done = True

    def _check(self, good: bool, reason: str) -> None:
        if not good:
            raise BadMessage(self._status, reason)


Body = LengthBody | ChunkedBody | EndlessBody


def body_of(length: int, status: int) -> Body | None:
    """Return the body that a head announced, None where there is none; status is for bad chunking."""
    if length == 0:
        return None
    if length == CHUNKED:
        return ChunkedBody(status)
    return EndlessBody() if length == UNTIL_CLOSE else LengthBody(length)
