"""Connections against real sockets: those that take their time and those that break; none is left open."""

import asyncio
import contextlib
import gc
import socket
import warnings
from contextlib import asynccontextmanager

import pytest

from flaskship import wire

LOTS = b"x" * (8 * 1024 * 1024)


@asynccontextmanager
async def listening(serve, host="127.0.0.1"):
    server = await asyncio.start_server(serve, host, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def echo(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.3.9", "::1", "localhost"])
async def test_what_is_sent_comes_back(host):
    async with listening(echo, host) as port:
        line = await wire.connect(host, port)
        for word in (b"first", b"second"):
            await line.send(word)
            assert await line.receive() == word
        line.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_a_port_that_nobody_listens_on_is_refused(host):
    async with listening(echo, host) as port:
        pass
    with pytest.raises(OSError, match=r"[Rr]efused|[Cc]onnect call failed"):
        await wire.connect(host, port)


@pytest.mark.parametrize("host", ["300.1.1.1", "fe80::1%nowhere", "no such name"])
async def test_what_is_no_address_is_left_to_the_resolver(host):
    with pytest.raises(OSError):  # noqa: PT011 (each system has its own words)
        await wire.connect(host, 1)


async def test_more_than_the_socket_takes_at_once_is_sent_whole():
    async def count(reader, writer):
        size = 0
        while size < len(LOTS):
            await asyncio.sleep(0)
            size += len(await reader.read(65536))
        writer.write(b"%d" % size)
        writer.close()

    async with listening(count) as port:
        line = await wire.connect("127.0.0.1", port)
        await line.send(LOTS)
        assert await line.receive() == b"%d" % len(LOTS)
        assert await line.receive() == b""
        line.close()


async def test_a_connection_that_is_reset_is_an_error():
    async def reset(reader, writer):
        await reader.read(1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with listening(reset) as port:
        line = await wire.connect("127.0.0.1", port)
        await line.send(b"x")
        with pytest.raises(ConnectionResetError):
            await line.receive()
        line.close()


async def test_a_handshake_that_does_not_end_can_be_given_up_and_leaves_no_socket():
    # A full backlog leaves the next SYN unanswered: connecting waits, as it does for a machine that is away.
    gc.collect()
    with socket.socket() as full, contextlib.ExitStack() as others, warnings.catch_warnings():
        warnings.simplefilter("error")
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = others.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await wire.connect(*full.getsockname())
        gc.collect()


async def test_a_handshake_that_takes_its_time_ends_in_a_connection():
    with socket.socket() as slow, contextlib.ExitStack() as others:
        slow.bind(("127.0.0.1", 0))
        slow.listen(0)
        held = others.enter_context(socket.create_connection(slow.getsockname()))
        assert held.fileno() >= 0
        connecting = asyncio.create_task(wire.connect(*slow.getsockname()))
        await asyncio.sleep(0.01)
        accepted = others.enter_context(slow.accept()[0])
        assert accepted.fileno() >= 0
        line = await connecting
        second = others.enter_context(slow.accept()[0])
        await line.send(b"here")
        assert second.recv(10) == b"here"
        line.close()
