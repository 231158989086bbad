import asyncio
import contextlib
import json
import socket
import time
from collections import Counter

import pytest

from flaskship.engines.local.routes import HostRule, Route, RouteEndpoint

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


@pytest.fixture
def dead():
    """An endpoint where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield RouteEndpoint("dead", "127.0.0.1", sock.getsockname()[1])


@pytest.fixture
def closing(serve, head_of):
    """Start a replica that reads a request and closes without an answer."""
    asked = Counter()

    async def start(uid):
        async def handle(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await head_of(reader)
                asked[uid] += 1
            writer.close()

        replica = await serve(uid, handle)
        replica.asked = asked
        return replica

    return start


async def test_no_replica_is_a_503_that_names_the_service_and_when_to_come_back(gate, talk):
    head, _, body = (await talk(await gate.route(), GET)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1" in head
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["service"] == "my-service"
    assert gate.counters.failed == 1


async def test_a_head_request_gets_the_problem_without_its_body(gate, talk):
    answer = await talk(await gate.route(), GET.replace(b"GET", b"HEAD"))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b"\r\n\r\n")


async def test_each_of_several_requests_gets_its_problem_though_the_client_sends_no_more(gate, talk):
    keep = GET.replace(b"close", b"keep-alive")
    answer = await talk(await gate.route(), keep * 3, half_close=True)
    assert answer.count(b"HTTP/1.1 503 ") == 3


async def test_a_client_stays_connected_through_a_problem(gate, saying, talk):
    port = await gate.route()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"}\n")
    await gate.route((await saying("one")).endpoint())
    writer.write(GET)
    assert (await reader.read()).endswith(b"one")
    writer.close()


@pytest.mark.parametrize("request_bytes", [GET, POST])
async def test_a_dead_replica_costs_no_request_and_is_left_out_for_a_second(
    gate, saying, talk, dead, request_bytes
):
    port = await gate.route(dead, (await saying("alive")).endpoint())
    for _ in range(20):
        assert (await talk(port, request_bytes)).endswith(b"alive")
    [state] = [e for e in gate.forwarding.stats()["endpoints"] if e["uid"] == "dead"]
    assert state["requests"] <= 1


async def test_only_dead_replicas_are_a_502_with_the_systems_reason(gate, talk, dead):
    port = await gate.route(dead)
    for _ in range(2):
        answer = await talk(port, GET)
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert b"dead at 127.0.0.1" in answer
        assert b"refused" in answer


async def test_a_replica_whose_backlog_is_full_is_a_504(gate, talk):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(8):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
            waiting.append(sock)
        port = await gate.route(RouteEndpoint("full", "127.0.0.1", full.getsockname()[1]))
        answer = await talk(port, GET)
        for sock in waiting:
            sock.close()
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"did not accept within" in answer


async def test_a_get_without_an_answer_is_asked_again_elsewhere(gate, closing, saying, talk):
    port = await gate.route((await closing("broken")).endpoint(), (await saying("alive")).endpoint())
    for _ in range(10):
        assert (await talk(port, GET)).endswith(b"alive")


async def test_a_post_without_an_answer_is_never_sent_twice(gate, closing, talk):
    replicas = [await closing(f"broken-{n}") for n in range(2)]
    port = await gate.route(*[replica.endpoint() for replica in replicas])
    assert (await talk(port, POST)).startswith(b"HTTP/1.1 502 ")
    assert sum(replicas[0].asked.values()) == 1


async def test_a_get_that_was_partly_answered_is_never_sent_twice(gate, serve, head_of, talk):
    asked = []

    async def handle(reader, writer):
        asked.append(await head_of(reader))
        writer.write(b"HTTP/1.1 200")
        await writer.drain()
        writer.close()

    port = await gate.route(*[(await serve(f"r{n}", handle)).endpoint() for n in range(2)])
    assert (await talk(port, GET)).startswith(b"HTTP/1.1 502 ")
    assert len(asked) == 1


async def test_an_idle_connection_that_the_replica_closed_meanwhile_loses_no_request(
    gate, serve, head_of, talk
):
    """The replica reads the second request and closes: only a new connection can answer it."""
    connections = Counter()

    async def handle(reader, writer):
        connections["made"] += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await head_of(reader)
        writer.close()

    port = await gate.route((await serve("one", handle)).endpoint())
    for _ in range(5):
        assert (await talk(port, GET)).endswith(b"ok")
    assert connections["made"] == 5


async def test_a_post_never_takes_an_idle_connection(gate, serve, head_of, talk):
    connections = Counter()

    async def handle(reader, writer):
        connections["made"] += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await head_of(reader)
                if b"POST" in head:
                    await reader.readexactly(2)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    port = await gate.route((await serve("one", handle)).endpoint())
    for request in (GET, GET, POST, POST, GET):
        assert (await talk(port, request)).endswith(b"ok")
    assert connections["made"] == 3


async def test_a_canary_gets_its_share_whatever_is_in_flight(gate, serve, head_of):
    served = Counter()

    async def start(uid, seconds):
        async def handle(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await head_of(reader)
                    served[uid] += 1
                    await asyncio.sleep(seconds)
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        return await serve(uid, handle)

    stable = [(await start(f"stable-{n}", 0.002)).endpoint(30, "stable") for n in range(3)]
    port = await gate.route(*stable, (await start("canary", 0)).endpoint(10, "canary"))

    async def client(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b"ok")
        writer.close()

    await asyncio.gather(*[client(250) for _ in range(8)])
    share = served["canary"] / sum(served.values())
    assert sum(served.values()) == 2000
    assert 0.075 < share < 0.125
    counts = [served[f"stable-{n}"] for n in range(3)]
    assert max(counts) < 1.3 * min(counts)


async def test_a_weight_of_zero_gets_nothing(gate, saying, talk):
    port = await gate.route(
        (await saying("blue")).endpoint(1, "blue"), (await saying("green")).endpoint(0, "green")
    )
    assert {(await talk(port, GET))[-5:] for _ in range(20)} == {b"\nblue"}


async def test_a_busy_replica_is_passed_over(gate, serve, head_of, saying, talk):
    go = asyncio.Event()

    async def handle(reader, writer):
        await head_of(reader)
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")

    slow = (await serve("slow", handle)).endpoint()
    port = await gate.route(slow)
    held = asyncio.create_task(talk(port, GET))
    while not gate.forwarding.in_flight("slow"):
        await asyncio.sleep(0.005)
    await gate.route(slow, (await saying("fast")).endpoint())
    for _ in range(10):
        assert (await talk(port, GET)).endswith(b"fast")
    go.set()
    assert (await held).endswith(b"slow")


async def test_a_removed_replica_finishes_what_it_has_and_gets_nothing_more(
    gate, serve, head_of, saying, talk
):
    go = asyncio.Event()
    closed = asyncio.Event()

    async def handle(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await head_of(reader)
            await go.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
            await reader.read()
        closed.set()
        writer.close()

    port = await gate.route((await serve("old", handle)).endpoint())
    held = asyncio.create_task(talk(port, GET))
    while not gate.forwarding.in_flight("old"):
        await asyncio.sleep(0.005)
    await gate.route((await saying("new")).endpoint())
    assert (await talk(port, GET)).endswith(b"new")
    assert await gate.forwarding.drained("old", 0.05) == 1
    draining = asyncio.create_task(gate.forwarding.drained("old", 5))
    go.set()
    assert (await held).endswith(b"old")
    assert await draining == 0
    async with asyncio.timeout(5):
        await closed.wait()


async def test_idle_connections_close_when_their_replica_is_removed(gate, serve, head_of, talk):
    closed = asyncio.Event()

    async def handle(reader, writer):
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.read()
        closed.set()
        writer.close()

    port = await gate.route((await serve("old", handle)).endpoint())
    assert (await talk(port, GET)).endswith(b"ok")
    await gate.route()
    async with asyncio.timeout(5):
        await closed.wait()


async def test_an_ingress_chooses_by_host_and_path(gate, saying, talk):
    shop, cart, wild, other = [(await saying(name)).endpoint() for name in ("shop", "cart", "wild", "other")]
    rules = (
        HostRule("*.test", "/", "Prefix", (wild,), "wild"),
        HostRule("shop.test", "/", "Prefix", (shop,), "shop"),
        HostRule("shop.test", "/cart", "Prefix", (cart,), "cart"),
        HostRule("empty.test", "/", "Prefix", (), "empty-service"),
    )
    port = await gate.route(other, rules=rules)

    async def ask(host, path):
        return await talk(port, GET.replace(b"Host: a", b"Host: " + host).replace(b" / ", b" " + path + b" "))

    assert (await ask(b"shop.test", b"/")).endswith(b"shop")
    assert (await ask(b"SHOP.test:80", b"/cart/1?x=/")).endswith(b"cart")
    assert (await ask(b"shop.test", b"/cartoon")).endswith(b"shop")
    assert (await ask(b"x.test", b"/cart")).endswith(b"wild")
    assert (await ask(b"elsewhere", b"/")).endswith(b"other")
    answer = await ask(b"empty.test", b"/")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["service"] == "empty-service"


async def test_what_no_rule_takes_is_not_found_unless_something_stands_behind_the_rules(gate, saying, talk):
    shop = (await saying("shop")).endpoint()
    rules = (HostRule("shop.test", "/cart", "Prefix", (shop,), "shop"),)
    port = await gate.routes(Route("main", "http", (), rules, ""))
    assert (
        await talk(port, GET.replace(b"Host: a", b"Host: shop.test").replace(b" / ", b" /cart "))
    ).endswith(b"shop")
    for host in (b"shop.test", b"elsewhere"):
        answer = await talk(port, GET.replace(b"Host: a", b"Host: " + host))
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert b"no rule takes this host and path" in answer
    assert gate.counters.failed == 0
    await gate.routes(Route("main", "http", (), rules, "ingress"))
    assert (await talk(port, GET)).startswith(b"HTTP/1.1 503 ")  # a default backend without a ready replica


async def test_tcp_passes_everything_on_and_a_greeting_first(gate, serve, dead, talk):
    async def handle(reader, writer):
        writer.write(b"220 ready\r\n")
        while data := await reader.read(1000):
            writer.write(data.upper())
        writer.write(b"bye")
        writer.close()

    alive = (await serve("one", handle)).endpoint()
    port = await gate.route(dead, alive, protocol="tcp")
    for _ in range(5):
        assert await talk(port, b"not http\0", half_close=True) == b"220 ready\r\nNOT HTTP\0bye"
    await gate.quiet()
    assert gate.counters.requests == 5
    assert gate.counters.failed == 0


async def test_tcp_without_a_replica_is_a_reset(gate, talk, dead):
    port = await gate.route(dead, protocol="tcp")
    with pytest.raises(ConnectionError):
        await talk(port, b"x")
    await gate.quiet()
    assert gate.counters.failed == 1


async def test_stats_tell_requests_classes_and_latency(gate, saying, talk):
    port = await gate.route((await saying("one")).endpoint())
    before = time.monotonic()
    for _ in range(4):
        await talk(port, GET)
    passed = (time.monotonic() - before) * 1000
    await gate.route()
    await talk(port, GET)
    found = gate.forwarding.stats()["listeners"]["main"]
    assert found["requests"] == 5
    assert found["responses"]["2xx"] == 4
    assert found["failed"] == 1
    assert sum(found["latency"]) == 4
    assert 0 < found["p50_ms"] <= found["p99_ms"] <= 1.3 * passed


async def test_a_listener_that_is_no_longer_named_closes_and_its_clients_leave(gate, saying):
    one = (await saying("one")).endpoint()
    port = await gate.routes(Route("a", "http", (one,)), Route("b", "http", (one,)))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"one")
    await gate.routes(Route("b", "http", (one,)))
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
