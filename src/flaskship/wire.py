"""One connection to one place, as bytes; to an address it costs no more than its system calls.

asyncio's streams make a transport, a protocol, a reader and a writer of each connection, and a probe opens
one for each of its questions, all day.
"""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from typing import Protocol

READ_SIZE = 64 * 1024
_UNDER_WAY = frozenset((errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR))


class Wire(Protocol):
    """An open connection."""

    async def send(self, data: bytes) -> None:
        """Send all of it; OSError when the other side is gone."""

    async def receive(self) -> bytes:
        """Return what came, nothing at the end; OSError when the connection broke."""

    def close(self) -> None:
        """Drop it without waiting for the other side."""


async def connect(host: str, port: int, tls: ssl.SSLContext | None = None) -> Wire:
    """Return a connection; OSError says why there is none."""
    family = None if tls is not None else _family(host)
    if family is None:
        reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=READ_SIZE)
        return _Streams(reader, writer)
    wire = _Plain(family)
    try:
        await wire.open((host, port))
    except BaseException:
        wire.close()
        raise
    return wire


def _family(host: str) -> socket.AddressFamily | None:
    """Return the family of an address; None for a name, and for an address with a zone."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return None
    return family


class _Plain:
    """A socket that is asked first and waited for only where it has nothing yet."""

    __slots__ = ("_loop", "_socket")

    def __init__(self, family: socket.AddressFamily) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)

    async def open(self, address: tuple[str, int]) -> None:
        number = self._socket.connect_ex(address)
        if not number:
            return
        if number not in _UNDER_WAY:
            raise OSError(number, os.strerror(number))
        try:
            # To loopback the kernel has shaken hands by now.
            self._socket.send(b"")
            return
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
        await self._ready(write=True)
        number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, os.strerror(number))

    async def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except (BlockingIOError, InterruptedError):
                await self._ready(write=True)

    async def receive(self) -> bytes:
        while True:
            # An answer takes the other side a while: it is not there yet.
            await self._ready(write=False)
            with contextlib.suppress(BlockingIOError, InterruptedError):
                return self._socket.recv(READ_SIZE)

    async def _ready(self, *, write: bool) -> None:
        loop, number = self._loop, self._socket.fileno()
        ready: asyncio.Future[None] = loop.create_future()
        if write:
            loop.add_writer(number, _resolve, ready)
        else:
            loop.add_reader(number, _resolve, ready)
        try:
            await ready
        finally:
            if write:
                loop.remove_writer(number)
            else:
                loop.remove_reader(number)

    def close(self) -> None:
        self._socket.close()


class _Streams:
    """Names and TLS, by asyncio."""

    __slots__ = ("_reader", "_writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> bytes:
        return await self._reader.read(READ_SIZE)

    def close(self) -> None:
        self._writer.transport.abort()


def _resolve(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
