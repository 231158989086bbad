"""A small HTTP/1.1 client for probes and receipts: bounded in bytes and in sockets.

One `Connection` is one socket. Time limits are the caller's, by asyncio.timeout: leaving the `async with`
closes the socket at once, whatever was under way.
"""

import functools
import ssl
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import httptools

from flaskship.model.frozen import dataclass
from flaskship.wire import Wire, connect

HEAD_LIMIT = 64 * 1024
UNLIMITED = 1 << 62
LOOPBACK = "127.0.0.1"


class BadAnswer(Exception):
    """What came back is no HTTP answer; the message says in words what it was."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: header names are lower case, the body is cut at the limit that was asked for."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False

    def header(self, name: str) -> str | None:
        """Return the first header of this lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


class _Reading:
    """Collects one answer from the parser's callbacks; informational answers before it are dropped."""

    def __init__(self, body_limit: int) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.complete = False
        self.keep_alive = False
        self._limit = body_limit
        self._read = 0
        self._clear()

    def _clear(self) -> None:
        self.headed = False
        self.cut = False
        self._status = 0
        self._reason = b""
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise BadAnswer("the answer switches to another protocol") from None
        except httptools.HttpParserError as error:
            raise BadAnswer(f"the answer is not HTTP ({error}): {data[:60]!r}") from None
        self._read += len(data)
        if not self.headed and self._read > HEAD_LIMIT:
            raise BadAnswer(f"the answer's headers are longer than {HEAD_LIMIT // 1024} KiB")

    def ended(self) -> None:
        """Take the end of the connection as the end of the answer where HTTP allows that."""
        if not self._read:
            raise BadAnswer("the connection was closed without an answer")
        framed = {name for name, _ in self._headers} & {"content-length", "transfer-encoding"}
        if not self.headed or framed:
            raise BadAnswer(f"the answer broke off after {self._read} bytes")
        self.complete = True

    def answer(self) -> Answer:
        reason = self._reason.decode("latin-1")
        return Answer(self._status, reason, tuple(self._headers), bytes(self._body), self.cut)

    def on_message_begin(self) -> None:
        # Bytes after the answer belong to no question: the connection is not to be used again.
        self.keep_alive = False

    def on_status(self, reason: bytes) -> None:
        if not self.complete:
            self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:
            self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if not self.complete:
            self.headed = True
            self._status = self.parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        if not self.complete:
            room = self._limit - len(self._body)
            self._body += part[:room]
            self.cut = self.cut or len(part) > room

    def on_message_complete(self) -> None:
        if self.complete:
            return
        if self._status < 200:
            self._clear()
        else:
            self.complete = True
            self.keep_alive = self.parser.should_keep_alive()


class Connection:
    """One open socket that is asked one question after the other; use it with `async with`."""

    def __init__(self, wire: Wire, authority: str) -> None:
        self._wire = wire
        self._authority = authority
        self.reusable = True

    @classmethod
    async def open(cls, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> Self:
        """Connect; OSError says why not. Names under localhost are this machine's, as RFC 6761 has it."""
        here = LOOPBACK if host.lower().endswith(".localhost") else host
        return cls(await connect(here, port, tls), authority(host, port))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the socket without waiting for the other side."""
        self.reusable = False
        self._wire.close()

    async def get(
        self,
        target: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        keep_alive: bool = False,
        body_limit: int = UNLIMITED,
        read_on: bool = True,
    ) -> Answer:
        """Ask once and read the answer; OSError or BadAnswer where there is none.

        With `read_on` False a body beyond its limit is not read to its end, and the connection is spent.
        """
        self.reusable = False
        await self._wire.send(_request(target, self._authority, tuple(headers), keep_alive))
        reading = _Reading(body_limit)
        while not reading.complete and (read_on or not reading.cut):
            data = await self._wire.receive()
            if data:
                reading.feed(data)
            else:
                reading.ended()
        self.reusable = keep_alive and reading.complete and reading.keep_alive
        return reading.answer()


def authority(host: str, port: int) -> str:
    """Return host:port, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@functools.cache
def unverified_tls() -> ssl.SSLContext:
    """Return a context that takes any certificate, as a kubelet's probe does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _request(target: str, host: str, headers: tuple[tuple[str, str], ...], keep_alive: bool) -> bytes:
    given = {name.lower() for name, _ in headers}
    standard = (
        ("Host", host),
        ("Accept", "*/*"),
        ("Connection", "keep-alive" if keep_alive else "close"),
    )
    lines = [f"GET {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in standard if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line for line in lines):
        raise BadAnswer("the request has a line break in its path or headers")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")
