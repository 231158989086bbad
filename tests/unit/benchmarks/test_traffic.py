"""The clients count every request and every way in which one fails."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from benchmarks.traffic import KINDS, Count, Kind, ask, said

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
KEPT, FRESH = KINDS[0], KINDS[1]


async def counted(serve: Serve, kind: Kind, enough: int = 3) -> Count:
    count, stop = Count(), asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if count.sent.total() >= enough:
            stop.set()
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(10):
        await ask(port, kind, count, stop)
    server.close()
    return count


def answering(status: str, *, stop_after: int = 1) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(stop_after):
            await reader.readuntil(b"\r\n\r\n")
            last = b"" if _ + 1 < stop_after else b"Connection: close\r\n"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n".encode() + last + b"\r\nok")
        await writer.drain()

    return serve


@pytest.mark.parametrize("kind", [KEPT, FRESH])
async def test_good_answers_are_no_failures(kind: Kind) -> None:
    count = await counted(answering("200 OK", stop_after=3 if kind.keep else 1), kind)
    assert count.sent[kind.name] >= 3
    assert not count.failed


async def test_another_status_is_a_failure() -> None:
    count = await counted(answering("503 Service Unavailable"), FRESH)
    assert count.failed["GET, reconnecting: status 503: ok"] == count.sent[FRESH.name]


async def test_a_connection_closed_without_an_answer_is_a_failure() -> None:
    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    count = await counted(serve, KEPT)
    assert count.failed["GET, keep-alive: closed without an answer"] >= 3


async def test_an_answer_that_breaks_off_is_a_failure() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")
        await writer.drain()

    count = await counted(serve, FRESH)
    assert count.failed["GET, reconnecting: answer cut off"] >= 3


async def test_a_refused_connection_is_a_failure() -> None:
    count, stop = Count(), asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    await ask(1, FRESH, count, stop)
    assert count.failed["GET, reconnecting: ConnectionRefusedError"] == count.sent[FRESH.name] > 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"title": "Busy", "detail": "try again"}', "try again"),
        (b'{"title": "Busy"}', "Busy"),
        (b"no replica is ready\n", "no replica is ready"),
        (b"[1]", "[1]"),
        (b"\xff", "�"),
    ],
)
def test_a_failure_says_why(body: bytes, words: str) -> None:
    assert said(body) == words
