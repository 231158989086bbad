import asyncio
import contextlib
import json

import pytest

HOST = b"Host: a\r\n"
REFUSED = {
    "length and coding": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", 400),
    "the same length twice": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n",
        400,
    ),
    "a list of lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\n", 400),
    "a signed length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\n", 400),
    "an endless length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 19 + b"\r\n\r\n", 400),
    "an empty length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400),
    "an unknown coding": (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "a hidden coding": (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", 400),
    "two codings": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
        400,
    ),
    "coding in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\n", 400),
    "a folded line": (b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400),
    "a bare CR": (b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n", 400),
    "a bare LF": (b"GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", 400),
    "LF alone": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "a NUL": (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "another host in the target": (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "no request": (b"hello\r\n\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "an unknown expectation": (b"POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417),
    "a long line": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "an endless line": (b"GET /" + b"x" * 9000, 414),
    "large fields": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"y" * 40_000, 431),
    "many fields": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
}


@pytest.fixture
async def guarded(gate, saying):
    """A gate before a replica; afterwards nothing may have been counted as the router's failure."""
    port = await gate.route((await saying("one")).endpoint())
    yield port
    await gate.quiet()
    assert gate.counters.failed == 0


@pytest.mark.parametrize("name", REFUSED)
async def test_what_two_servers_could_read_differently_is_refused(gate, guarded, talk, name):
    data, status = REFUSED[name]
    answer = await talk(guarded, data + b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in head
    assert json.loads(body)["status"] == status
    assert json.loads(body)["service"] == "my-service"
    assert gate.forwarding.stats()["endpoints"][0]["requests"] == 0


CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\nabc\r\n0\r\n\r\n",
        b"-1\r\n",
        b"0x3\r\nabc\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"ffffffffffffffff1\r\nabc",
        b"3;" + b"e" * 2000 + b"\r\nabc\r\n",
        b"0\r\nbad trailer\r\n\r\n",
        b"\r\n",
    ],
)
async def test_bad_chunking_is_a_400_and_never_a_whole_request(gate, serve, head_of, talk, body):
    whole = []

    async def handle(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await head_of(reader)
            whole.append(await reader.readuntil(b"0\r\n\r\n"))

    port = await gate.route((await serve("one", handle)).endpoint())
    answer = await talk(port, CHUNKED + body)
    assert answer.startswith(b"HTTP/1.1 400 ")
    await gate.quiet()
    assert not whole


@pytest.mark.parametrize("sent", [b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
async def test_a_head_that_never_ends_is_a_408(guarded, talk, sent):
    assert (await talk(guarded, sent)).startswith(b"HTTP/1.1 408 ")


async def test_dripping_bytes_does_not_prolong_the_head(guarded):
    reader, writer = await asyncio.open_connection("127.0.0.1", guarded)
    answer = asyncio.create_task(reader.read())
    async with asyncio.timeout(5):
        while not answer.done():
            writer.write(b"G")
            await asyncio.sleep(0.02)
    assert answer.result().startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_body_that_never_ends_is_a_408(gate, serve, talk):
    async def handle(reader, writer):
        await reader.read()
        writer.close()

    port = await gate.route((await serve("one", handle)).endpoint())
    answer = await talk(port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_an_idle_client_is_closed_without_a_word(gate, guarded, talk):
    assert await talk(guarded, b"") == b""
    assert not gate.context.clients


async def test_too_many_clients_are_told_so(gate, saying, talk):
    port = await gate.route((await saying("one")).endpoint())
    object.__setattr__(gate.context.limits, "clients", 1)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await talk(port, b"")).startswith(b"HTTP/1.1 503 ")
    writer.close()


ANSWERS = {
    "no http": b"hello\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
    "an unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
    "a bad field": b"HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\nx",
    "a switch nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a head without an end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40_000,
    "nothing": b"",
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_bad_answer_is_a_502_that_names_the_replica(gate, serve, head_of, talk, name):
    async def handle(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await head_of(reader)
            writer.write(ANSWERS[name])
            await writer.drain()
        writer.close()

    port = await gate.route((await serve("bad-one", handle)).endpoint())
    answer = await talk(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 ")
    assert "bad-one" in json.loads(body)["detail"]
    await gate.quiet()
    assert gate.counters.failed == 1


async def test_a_bad_chunk_in_an_answer_breaks_it_off(gate, serve, head_of):
    async def handle(reader, writer):
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"zz\r\n")

    port = await gate.route((await serve("one", handle)).endpoint())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_an_answer_that_nobody_asked_for_reaches_nobody(gate, serve, head_of, talk):
    async def handle(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await head_of(reader)
                ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                writer.write(ok + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")

    port = await gate.route((await serve("one", handle)).endpoint())
    get = b"GET / HTTP/1.1\r\nHost: a\r\n"
    answer = await talk(port, get + b"\r\n" + get + b"Connection: close\r\n\r\n")
    assert answer.count(b"ok") == 2
    assert b"poison" not in answer


async def test_a_replica_that_never_answers_is_a_504(gate, serve, head_of, talk):
    async def handle(reader, writer):
        await head_of(reader)
        await reader.read()
        writer.close()

    port = await gate.route((await serve("mute", handle)).endpoint())
    answer = await talk(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"mute" in answer
