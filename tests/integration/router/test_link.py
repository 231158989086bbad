"""The supervisor's hold on a real router: whose change goes with another's needs no table of its own."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from flaskship.engines.local.aides import Aides
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.routes import Route, RouteEndpoint
from flaskship.engines.local.supervisor.router_link import RouterLink

MANY = 40


@pytest_asyncio.fixture
async def paths(tmp_path: Path) -> LocalPaths:
    paths = LocalPaths(tmp_path.resolve())
    paths.create()
    return paths


@pytest_asyncio.fixture
async def link(paths: LocalPaths) -> AsyncIterator[RouterLink]:
    link = RouterLink(paths, Aides(paths).router)
    await link.open()
    link.bind("dev/web", "127.0.0.1", 0)
    yield link
    await link.close(stop=True)


def answers(port: int) -> bool:
    """Whether anybody accepts there: the router says 503 where no replica is."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return client.recv(1024).startswith(b"HTTP/1.1 503")
    except ConnectionError:
        return False


def kept(paths: LocalPaths) -> tuple[int, set[str]]:
    """The number of the router's table and the replicas in it, as it has persisted them."""
    table = json.loads(paths.routes.read_text())
    return table["number"], {one["uid"] for route in table["routes"] for one in route["endpoints"]}


async def test_a_router_that_ends_as_it_is_met_is_replaced(paths: LocalPaths) -> None:
    door = paths.socket("router")
    ending = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    ending.bind(str(door))
    ending.listen()

    def end() -> None:
        client, _ = ending.accept()
        client.recv(1024)
        door.unlink()
        ending.close()
        client.close()

    ends = asyncio.create_task(asyncio.to_thread(end))
    link = RouterLink(paths, Aides(paths).router)
    await link.open()
    await ends
    link.bind("dev/web", "127.0.0.1", 0)
    await link.update("dev", lambda: (Route("dev/web", "http", ()),))
    assert await asyncio.to_thread(answers, link.sockets["dev/web"].getsockname()[1])
    await link.close(stop=True)


async def test_removals_at_once_share_a_table_and_each_is_acknowledged(
    paths: LocalPaths, link: RouterLink
) -> None:
    serving = {f"replica-{n}" for n in range(MANY)}

    def routes() -> tuple[Route, ...]:
        found = (RouteEndpoint(uid, "127.0.0.1", 1) for uid in sorted(serving))
        return (Route("dev/web", "http", tuple(found)),)

    await link.update("dev", routes)
    before, _ = kept(paths)

    async def remove(uid: str) -> None:
        serving.remove(uid)
        await link.update("dev", routes)
        assert uid not in kept(paths)[1]

    await asyncio.gather(*(remove(f"replica-{n}") for n in range(MANY)))
    after, left = kept(paths)
    assert left == set()
    assert after - before < MANY / 4


async def test_a_change_that_comes_while_a_table_is_pushed_gets_its_own(
    paths: LocalPaths, link: RouterLink
) -> None:
    serving = {"old"}

    def routes() -> tuple[Route, ...]:
        return (
            Route("dev/web", "http", tuple(RouteEndpoint(uid, "127.0.0.1", 1) for uid in sorted(serving))),
        )

    first = asyncio.create_task(link.update("dev", routes))
    await asyncio.sleep(0)  # the first table is made and on its way
    serving.add("new")
    await asyncio.gather(first, link.update("dev", routes))
    assert kept(paths)[1] == {"old", "new"}


async def test_a_socket_at_another_address_is_passed_though_the_routes_are_the_same(link: RouterLink) -> None:
    def routes() -> tuple[Route, ...]:
        return (Route("dev/web", "http", ()),)

    await link.update("dev", routes)
    old = link.sockets["dev/web"].getsockname()[1]
    assert await asyncio.to_thread(answers, old)
    link.bind("dev/web", "127.0.0.1", 0)
    new = link.sockets["dev/web"].getsockname()[1]
    await link.update("dev", routes)
    assert await asyncio.to_thread(answers, new)
    assert not await asyncio.to_thread(answers, old)


async def test_a_socket_that_is_replaced_while_a_table_is_on_its_way_is_passed_with_the_next(
    link: RouterLink,
) -> None:
    def routes() -> tuple[Route, ...]:
        return (Route("dev/web", "http", ()),)

    first = asyncio.create_task(link.update("dev", routes))
    await asyncio.sleep(0)  # the first table is made and on its way
    old = link.sockets["dev/web"].getsockname()[1]
    link.bind("dev/web", "127.0.0.1", 0)
    new = link.sockets["dev/web"].getsockname()[1]
    await first
    await link.update("dev", routes)
    assert await asyncio.to_thread(answers, new)
    assert not await asyncio.to_thread(answers, old)


async def test_what_an_error_takes_back_stays_served(link: RouterLink) -> None:
    def routes() -> tuple[Route, ...]:
        return (Route("dev/web", "http", ()),)

    await link.update("dev", routes)
    old = link.sockets["dev/web"].getsockname()[1]

    def move() -> None:
        with link.all_or_none():
            link.bind("dev/web", "127.0.0.1", 0)
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        move()
    await link.update("dev", routes)
    assert await asyncio.to_thread(answers, old)
