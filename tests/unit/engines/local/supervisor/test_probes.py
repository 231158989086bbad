"""Probes of a container that comes up, against a real server, by a clock of their own."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from flaskship.engines.local.probing import asked_again_in
from flaskship.engines.local.spec import Container, HttpGet, Probe, TcpSocket
from flaskship.engines.local.supervisor.probes import Probes

PLAN: Any = SimpleNamespace(ports={})


class Clock:
    """Time that passes only while somebody sleeps, and tells how long they wanted to."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.time += seconds
        await asyncio.sleep(0)


async def nobody() -> None:
    raise AssertionError("a readiness probe ends nothing")


async def until_ready(readiness: Probe, clock: Clock) -> Probes:
    """Return the probes once the container is ready."""
    world: Any = SimpleNamespace(now=clock.now, sleep=clock.sleep)
    became = asyncio.Event()

    def look() -> None:
        if probes.ready:
            became.set()

    probes = Probes(Container("c", "image", readiness=readiness), "127.0.0.1", look)
    running = asyncio.create_task(probes.run(clock.now(), PLAN, world, nobody))
    async with asyncio.timeout(20):
        await became.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return probes


def answering(well_from: int) -> Any:
    """Return a handler that answers 503 until so many requests came."""
    seen = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        await reader.readuntil(b"\r\n\r\n")
        status = b"200 OK" if seen >= well_from else b"503 Service Unavailable"
        seen += 1
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        writer.close()

    return answer


async def test_a_server_that_answers_is_asked_again_sooner_at_first() -> None:
    clock = Clock()
    async with await asyncio.start_server(answering(6), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await until_ready(Probe(HttpGet("/ready", port), period=10), clock)
    assert clock.slept[:6] == [0.02, 0.04, 0.08, 0.1, 0.1, 0.1]


async def test_who_refuses_is_asked_every_100_ms() -> None:
    clock = Clock()
    server = await asyncio.start_server(answering(0), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    late: list[asyncio.Server] = []
    sleep = clock.sleep

    async def open_in_the_fourth(seconds: float) -> None:
        await sleep(seconds)
        if len(clock.slept) == 4:
            late.append(await asyncio.start_server(answering(0), "127.0.0.1", port))

    clock.sleep = open_in_the_fourth  # type: ignore[method-assign]
    try:
        await until_ready(Probe(TcpSocket(port), period=10), clock)
    finally:
        for one in late:
            one.close()
    assert clock.slept[:4] == [0.1, 0.1, 0.1, 0.1]


async def test_answers_between_do_not_count_as_failures() -> None:
    clock = Clock()
    async with await asyncio.start_server(answering(5), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        startup = Probe(HttpGet("/ready", port), period=10, failure_threshold=1, initial_delay=5)
        probes = Probes(Container("c", "image", startup=startup), "127.0.0.1", lambda: None)
        world: Any = SimpleNamespace(now=clock.now, sleep=clock.sleep)
        async with asyncio.timeout(20):
            await probes.run(clock.now(), PLAN, world, nobody)
    assert probes.started


@pytest.mark.parametrize(("answers", "seconds"), [(1, 0.02), (2, 0.04), (3, 0.08), (4, 0.1), (5000, 0.1)])
def test_sooner_at_first(answers: int, seconds: float) -> None:
    assert asked_again_in(answers) == seconds


async def after(statuses: dict[str, list[int]], looks: int, **container: Probe) -> Probes:
    """Return the probes of a container after so many looks at its readiness; the last status is for ever."""
    clock, left = Clock(), {path: list(codes) for path, codes in statuses.items()}
    enough = asyncio.Event()
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        codes = left[path]
        status = codes.pop(0) if len(codes) > 1 else codes[0]
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        writer.close()

    class Watched(Probes):
        def _note(self, kind: Any, *rest: Any, **more: Any) -> None:
            nonlocal asked
            super()._note(kind, *rest, **more)
            asked += kind == "readiness" and more["counted"]
            if asked >= looks:
                enough.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        probes = {
            kind: Probe(HttpGet(f"/{kind}", port), period=one.period, failure_threshold=one.failure_threshold)
            for kind, one in container.items()
        }
        watched = Watched(Container("c", "image", **probes), "127.0.0.1", lambda: None)  # type: ignore[arg-type]
        world: Any = SimpleNamespace(now=clock.now, sleep=clock.sleep)
        running = asyncio.create_task(watched.run(clock.now(), PLAN, world, nobody))
        async with asyncio.timeout(20):
            await enough.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return watched


EACH_SECOND = Probe(HttpGet("/", 1), period=1)


async def test_a_failure_has_its_status_and_how_often_it_came_last_at_the_probes_instants() -> None:
    found = (await after({"/readiness": [404]}, 3, readiness=EACH_SECOND)).failures["readiness"]
    assert (found.status, found.alike, found.consecutive, found.period) == (404, 3, 3, 1.0)
    assert not found.after_startup


async def test_another_status_begins_the_row_of_the_alike_anew() -> None:
    # The first answers come between the instants, too, while it is tried eagerly.
    found = (await after({"/readiness": [503] * 20 + [404]}, 4, readiness=EACH_SECOND)).failures["readiness"]
    assert found.status == 404
    assert 0 < found.alike < found.consecutive == 4


async def test_a_failure_says_that_a_startup_probe_has_succeeded() -> None:
    statuses = {"/startup": [503, 200], "/readiness": [503]}
    watched = await after(statuses, 2, startup=EACH_SECOND, readiness=EACH_SECOND)
    found = watched.failures["readiness"]
    assert (found.status, found.after_startup, found.consecutive) == (503, True, 2)


async def test_the_readiness_of_an_earlier_run_is_forgotten_when_the_next_begins() -> None:
    watched = await after({"/readiness": [503]}, 2, readiness=EACH_SECOND)
    watched.stopped()
    world: Any = SimpleNamespace(now=lambda: 2000.0, sleep=asyncio.sleep)
    again = asyncio.create_task(watched.run(2000.0, PLAN, world, nobody))
    await asyncio.sleep(0)
    assert "readiness" not in watched.failures
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
