"""A Service whose port changes answers at the new one, and an undo brings it back to the old one."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contract.documents import service
from tests.contract.harness import Harness
from tests.contract.local import daemons, local

from flaskship.model.errors import PreflightError
from flaskship.model.release import Release

WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    async with local(tmp_path) as one:
        yield one
        for engine in one.opened:
            await engine.close()


def free_ports(count: int) -> list[int]:
    """So many ports of those that a NodePort may have, which nobody holds now."""
    free: list[int] = []
    for port in random.sample(range(30200, 32700), 500):
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            free.append(port)
        if len(free) == count:
            return free
    raise AssertionError("too few ports are free")


def answers(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with WITHOUT_PROXY.open(f"http://{host}:{port}/", timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


async def closed(port: int) -> None:
    """Return once nothing answers: the router lets go of a listener after it has told of the new one."""
    async with asyncio.timeout(10):
        while answers(port):
            await asyncio.sleep(0.02)


def at(harness: Harness, node_port: int, port: int = 80) -> Release:
    return harness.release(harness.web()[0], service("web", port=port, node_port=node_port))


async def test_a_changed_node_port_takes_the_place_of_the_old_one_and_an_undo_goes_back(
    harness: Harness,
) -> None:
    engine = harness.engine()
    first, second = free_ports(2)
    began = await harness.succeed(engine, at(harness, first))
    assert answers(first)
    moved = await harness.succeed(engine, at(harness, second))
    assert moved.workloads[0].replicas[0].uid == began.workloads[0].replicas[0].uid
    assert f"http://localhost:{second}" in moved.workloads[0].endpoints
    assert answers(second)
    await closed(first)
    await harness.succeed(engine, at(harness, first))
    assert answers(first)
    await closed(second)


@pytest.mark.parametrize("roles", [("router",), ("supervisor",), ("supervisor", "router")])
async def test_the_changed_port_answers_after_a_kill(harness: Harness, roles: tuple[str, ...]) -> None:
    engine = harness.engine()
    first, second = free_ports(2)
    await harness.succeed(engine, at(harness, first))
    await harness.succeed(engine, at(harness, second))
    for role in roles:
        (pid,) = daemons(harness.folder, role)
        os.kill(pid, signal.SIGKILL)
    await harness.until(harness.engine(), lambda now: now.workloads[0].ready == 1)
    assert (answers(first), answers(second)) == (False, True)


async def test_a_changed_port_that_is_taken_is_refused_before_anything_moves(harness: Harness) -> None:
    engine = harness.engine()
    first, taken = free_ports(2)
    await harness.succeed(engine, at(harness, first))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", taken))
        holder.listen()
        with pytest.raises(PreflightError, match=rf"127\.0\.0\.1:{taken}, which .*pid {os.getpid()}"):
            await harness.apply(engine, at(harness, taken))
    assert [revision.number for revision in await engine.history("dev")] == [1]
    assert answers(first)


async def test_a_named_port_with_another_number_answers_at_it(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(harness.web()[0], service("web", port=8081)))
    (before,) = (await engine.observe("dev")).workloads[0].endpoints
    await harness.succeed(engine, harness.release(harness.web()[0], service("web", port=8082)))
    (after,) = (await engine.observe("dev")).workloads[0].endpoints
    assert after.endswith(":8082")
    for url, expected in ((after, True), (before, False)):
        host, _, port = url.removeprefix("http://").partition(":")
        assert answers(int(port), host) is expected


def two(harness: Harness, web: int, other: int | None) -> Release:
    documents = [*harness.web(), *([service("other", node_port=other)] if other else [])]
    documents[1:2] = [service("web", node_port=web)]
    if other:
        documents[-1]["spec"]["selector"] = documents[1]["spec"]["selector"]
    return harness.release(*documents)


async def test_two_services_swap_their_node_ports_in_one_deploy(harness: Harness) -> None:
    engine = harness.engine()
    first, second = free_ports(2)
    await harness.succeed(engine, two(harness, first, second))
    assert answers(first)
    assert answers(second)
    swapped = await harness.succeed(engine, two(harness, second, first))
    assert f"http://localhost:{second}" in swapped.workloads[0].endpoints
    assert answers(first)
    assert answers(second)
    (pid,) = daemons(harness.folder, "router")
    os.kill(pid, signal.SIGKILL)
    await harness.until(harness.engine(), lambda now: now.workloads[0].ready == 1)
    assert answers(first)
    assert answers(second)


async def test_a_service_takes_the_node_port_of_one_that_is_removed(harness: Harness) -> None:
    engine = harness.engine()
    first, second = free_ports(2)
    await harness.succeed(engine, two(harness, first, second))
    await harness.succeed(engine, two(harness, second, None))
    assert answers(second)
    await closed(first)
