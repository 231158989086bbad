import asyncio
import contextlib
import re
import socket
import struct

import pytest

from flaskship.engines.local.routes import Route, RouteTable, to_json

GET = b"GET /path?q=1 HTTP/1.1\r\nHost: shop.test:8080\r\n"
LAST = b"Connection: close\r\n\r\n"


@pytest.fixture
def recording(serve, head_of):
    """Start a replica that keeps each head and body and answers 200 to all."""
    seen = []

    async def start(uid="one", answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        async def handle(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    head = await head_of(reader)
                    body = b""
                    length = re.search(rb"(?i)content-length: (\d+)", head)
                    if length:
                        body = await reader.readexactly(int(length[1]))
                    elif b"Transfer-Encoding" in head:
                        body = await reader.readuntil(b"0\r\n\r\n")
                    seen.append((head, body))
                    writer.write(answer)
                    if b"HTTP/1.0" in head:
                        break
            writer.close()

        replica = await serve(uid, handle)
        replica.seen = seen
        return replica

    return start


def answers(data):
    """Split several answers with Content-Length into (status, body)."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        found.append((int(head[9:12]), data[:length]))
        data = data[length:]
    return found


async def test_the_replica_learns_who_asked_and_how(gate, recording, talk):
    replica = await recording()
    port = await gate.route(replica.endpoint())
    await talk(port, GET + b"Accept: */*\r\n" + LAST)
    [(head, _)] = replica.seen
    assert head.startswith(b"GET /path?q=1 HTTP/1.1\r\n")
    for field in (
        b"Host: shop.test:8080", b"Accept: */*", b"X-Forwarded-For: 127.0.0.1", b"X-Forwarded-Proto: http",
        b"X-Forwarded-Host: shop.test:8080", b"X-Request-Id: id-1",
    ):  # fmt: skip
        assert b"\r\n" + field + b"\r\n" in head
    assert b"Connection" not in head


async def test_what_another_proxy_said_is_kept_and_the_address_appended(gate, recording, talk):
    replica = await recording()
    port = await gate.route(replica.endpoint())
    given = b"X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: w.test\r\n"
    given += b"X-Request-Id: mine\r\n"
    await talk(port, GET + given + LAST)
    [(head, _)] = replica.seen
    assert b"X-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n" in head
    assert b"X-Forwarded-Proto: https\r\n" in head
    assert b"X-Forwarded-Host: w.test\r\n" in head
    assert b"X-Request-Id: mine\r\n" in head
    assert head.count(b"X-Request-Id") == 1


async def test_hop_by_hop_fields_end_here_in_both_directions(gate, recording, talk):
    replica = await recording(
        answer=b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Inner\r\nKeep-Alive: timeout=5\r\n"
        b"X-Inner: 1\r\nX-Outer: 2\r\n"
        b"Content-Length: 2\r\n\r\nok"
    )
    port = await gate.route(replica.endpoint())
    answer = await talk(
        port,
        GET
        + b"TE: trailers\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nUpgrade: h2c\r\n"
        + b"Connection: close, X-Hop, Upgrade\r\n\r\n",
    )
    [(head, _)] = replica.seen
    for name in (b"TE:", b"Keep-Alive", b"X-Hop", b"Upgrade", b"Connection"):
        assert name not in head
    assert b"X-Inner" not in answer
    assert b"X-Outer: 2" in answer
    assert answer.count(b"Connection:") == 1


async def test_one_client_connection_serves_many_requests_over_one_upstream(gate, recording, talk):
    replica = await recording()
    port = await gate.route(replica.endpoint())
    answer = await talk(port, (GET + b"\r\n") * 9 + GET + LAST)
    assert answers(answer) == [(200, b"ok")] * 10
    assert gate.forwarding.stats()["endpoints"][0]["idle"] == 1


async def test_pipelined_answers_keep_their_order(gate, serve, head_of, talk):
    async def handle(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                name = (await head_of(reader)).split()[1]
                await asyncio.sleep(0.05 if name == b"/1" else 0)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + name)

    port = await gate.route(*[(await serve(f"r{n}", handle)).endpoint() for n in range(2)])
    sent = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(1, 5))
    answer = await talk(port, sent + b"GET /5 HTTP/1.1\r\nHost: a\r\n" + LAST)
    assert [body for _, body in answers(answer)] == [b"/1", b"/2", b"/3", b"/4", b"/5"]


async def test_bodies_by_length_and_the_next_request_stay_apart(gate, recording, talk):
    replica = await recording()
    port = await gate.route(replica.endpoint())
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    assert answers(await talk(port, post + GET + LAST)) == [(200, b"ok")] * 2
    assert [body for _, body in replica.seen] == [b"hello", b""]


async def test_a_chunked_body_goes_on_chunked_without_extensions_and_trailers(gate, recording, talk):
    replica = await recording()
    port = await gate.route(replica.endpoint())
    body = b"3;a=b\r\nabc\r\n00a\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n"
    sent = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body + GET + LAST
    assert answers(await talk(port, sent)) == [(200, b"ok")] * 2
    assert replica.seen[0][1] == b"3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n"


async def test_bytes_may_come_one_at_a_time(gate, recording):
    replica = await recording()
    port = await gate.route(replica.endpoint())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + LAST + b"1\r\nx\r\n0\r\n\r\n"
    ):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0)
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    assert replica.seen[0][1] == b"1\r\nx\r\n0\r\n\r\n"
    writer.close()


@pytest.mark.parametrize(
    ("request_line", "answer", "expected"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"Content-Length: 99"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", b"204"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", b"304"),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"chunked"),
    ],
)
async def test_answers_without_a_body_end_with_their_head(
    gate, recording, talk, request_line, answer, expected
):
    port = await gate.route((await recording(answer=answer)).endpoint())
    line = request_line + b" / HTTP/1.1\r\nHost: a\r\n"
    got = await talk(port, line + b"\r\n" + line + LAST)
    assert got.count(b"HTTP/1.1 ") == 2
    assert got.count(expected) == 2
    assert got.endswith(b"\r\n\r\n")


async def test_a_chunked_answer_streams_through(gate, recording, talk):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    port = await gate.route((await recording(answer=chunked)).endpoint())
    got = await talk(port, GET + b"\r\n" + GET + LAST)
    assert got.count(b"5\r\nhello\r\n0\r\n\r\n") == 2


async def test_an_answer_that_ends_with_its_connection_says_so_to_the_client(gate, serve, head_of, talk):
    async def handle(reader, writer):
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        writer.close()

    port = await gate.route((await serve("one", handle)).endpoint())
    got = await talk(port, GET + b"\r\n")
    assert b"Connection: close" in got
    assert got.endswith(b"\r\n\r\nall of it")


@pytest.mark.parametrize("keep", [False, True])
async def test_http_1_0_gets_no_chunks_and_keeps_alive_only_when_asked(gate, recording, talk, keep):
    replica = await recording()
    port = await gate.route(replica.endpoint())
    sent = b"GET / HTTP/1.0\r\n" + (b"Connection: keep-alive\r\n" if keep else b"") + b"\r\n"
    got = await talk(port, sent * (2 if keep else 1), half_close=keep)
    assert b" HTTP/1.0\r\n" in replica.seen[0][0]
    assert len(answers(got)) == (2 if keep else 1)


async def test_expect_100_continue_is_the_replicas_to_answer(gate, serve, head_of):
    async def handle(reader, writer):
        assert b"Expect: 100-continue" in await head_of(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(4)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body)

    port = await gate.route((await serve("one", handle)).endpoint())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n" + LAST)
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"body")
    assert (await reader.read()).endswith(b"\r\n\r\nbody")
    writer.close()


async def test_an_early_answer_arrives_whole_though_the_body_never_ended(gate, serve, head_of):
    async def handle(reader, writer):
        await head_of(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!")
        await writer.drain()

    port = await gate.route((await serve("one", handle)).endpoint())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000)
    got = await reader.read()
    assert got.startswith(b"HTTP/1.1 413")
    assert got.endswith(b"no!")
    assert b"Connection: close" in got
    writer.close()
    await gate.quiet()


async def test_a_client_that_closes_its_sending_side_still_gets_the_answer(gate, serve, head_of, talk):
    async def handle(reader, writer):
        await head_of(reader)
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

    port = await gate.route((await serve("one", handle)).endpoint())
    assert (await talk(port, GET + b"\r\n", half_close=True)).endswith(b"late")


async def test_a_client_that_resets_closes_the_replicas_connection(gate, serve, head_of):
    closed = asyncio.Event()

    async def handle(reader, writer):
        await head_of(reader)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        closed.set()

    port = await gate.route((await serve("one", handle)).endpoint())
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(GET + b"\r\n")
    while not gate.counters.in_flight:
        await asyncio.sleep(0.005)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    async with asyncio.timeout(5):
        await closed.wait()
    await gate.quiet()
    assert gate.counters.aborted == 1


async def test_a_truncated_answer_is_a_reset_never_a_clean_end(gate, serve, head_of):
    async def handle(reader, writer):
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        writer.close()

    port = await gate.route((await serve("one", handle)).endpoint())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET + b"\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    await gate.quiet()
    assert gate.counters.failed == 1


async def test_a_websocket_becomes_a_tunnel_with_what_was_sent_ahead(gate, serve, head_of):
    async def handle(reader, writer):
        head = await head_of(reader)
        assert b"Connection: Upgrade\r\nUpgrade: websocket\r\n" in head
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-X: 1\r\n\r\nhi"
        )
        while data := await reader.read(100):
            writer.write(data.upper())
        writer.write(b"bye")
        writer.close()

    port = await gate.route((await serve("one", handle)).endpoint())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET + b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nahead")
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"Upgrade: websocket" in head
    assert b"Sec-X: 1" in head
    assert await reader.readexactly(7) == b"hiAHEAD"
    assert gate.forwarding.in_flight("one") == 1
    writer.write(b"more")
    assert await reader.readexactly(4) == b"MORE"
    writer.write_eof()
    assert await reader.read() == b"bye"
    writer.close()
    await gate.quiet()
    assert not gate.context.tunnels


@pytest.mark.parametrize("slow", ["client", "replica"])
async def test_a_slow_side_holds_the_other_back_and_nothing_is_lost(gate, serve, head_of, slow):
    size = 48_000_000  # more than the kernel holds on two connections
    state = {"sent": 0, "received": 0}
    go = asyncio.Event()

    async def handle(reader, writer):
        await head_of(reader)
        if slow == "replica":
            await go.wait()
            while state["received"] < size:
                state["received"] += len(await reader.read(65536))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while state["sent"] < size:
            writer.write(b"x" * 100_000)
            state["sent"] += 100_000
            await writer.drain()

    port = await gate.route((await serve("one", handle)).endpoint())
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    sending = None
    if slow == "client":
        writer.write(GET + LAST)
    else:
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % size + LAST)

        async def send():
            while state["sent"] < size:
                writer.write(b"x" * 100_000)
                state["sent"] += 100_000
                await writer.drain()

        sending = asyncio.create_task(send())
    before = -1
    while before != state["sent"]:
        before = state["sent"]
        await asyncio.sleep(0.1)
    assert 0 < state["sent"] < size
    go.set()
    got = 0
    while data := await reader.read(65536):
        got += len(data)
    if sending:
        await sending
        assert state["received"] == size
    else:
        assert got > size
    writer.close()
    await gate.quiet()


async def test_who_has_connected_stays_where_another_listener_takes_its_address_over(router, saying, head_of):
    one, two = (await saying("one")).endpoint(), (await saying("two")).endpoint()
    port = await router.routes(Route("main", "http", (one,)))
    waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    reader, writer = waiting[0]
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await head_of(reader)
    assert await reader.readexactly(3) == b"one"
    # The socket of the one is the other's now, as where a Service takes the port of one that is removed.
    router.held["other"] = router.held.pop("main")
    router.number += 1
    reply = await router.ask(
        "table",
        files=[router.held["other"].fileno()],
        table=to_json(RouteTable(router.number, (Route("other", "http", (two,)),))),
        listeners=["other"],
    )
    assert reply["type"] == "ack", reply
    for reader, writer in waiting:
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await head_of(reader)).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(3) == b"two"
        writer.close()
    counts = await router.ask("stats")
    assert list(counts["listeners"]) == ["other"]
