"""A real router process, driven the way the supervisor drives it, and replicas to put behind it."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvloop

from flaskship.engines.local.channel import Channel
from flaskship.engines.local.router.context import Context, Limits
from flaskship.engines.local.router.forwarding import Forwarding
from flaskship.engines.local.routes import HostRule, Route, RouteEndpoint, RouteTable, to_json


def pytest_asyncio_loop_factories(
    config: Any, item: Any
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on the loop that the router runs on."""
    return {"uvloop": uvloop.new_event_loop}


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Replica:
    """A server in this process, whose behaviour a test writes byte by byte."""

    uid: str
    port: int
    server: asyncio.Server

    def endpoint(self, weight: int = 1, group: str = "") -> RouteEndpoint:
        return RouteEndpoint(self.uid, "127.0.0.1", self.port, weight, group)


class RouterProcess:
    """The process with one open control channel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "router.sock"
        self.state = folder / "routes.json"
        self.log = folder / "router.log"
        self.ports: dict[str, int] = {}
        self.held: dict[str, socket.socket] = {}
        self.number = 0
        self._id = 0

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "flaskship.engines.local.router",
                "--project", str(self.folder), "--socket", str(self.socket), "--state", str(self.state),
                stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        self.channel = await self.connect()

    async def connect(self) -> Channel:
        for _ in range(400):
            with contextlib.suppress(OSError):
                return await Channel.connect(str(self.socket))
            assert self.process.returncode is None, self.log.read_text()
            await asyncio.sleep(0.025)
        raise AssertionError(f"no router answers: {self.log.read_text()}")

    async def ask(
        self, kind: str, *, files: list[int] | None = None, channel: Channel | None = None, **fields: Any
    ) -> dict[str, Any]:
        channel = channel or self.channel
        self._id += 1
        wanted = self._id
        await channel.send({"type": kind, "id": wanted, **fields}, files or [])
        async with asyncio.timeout(20):
            while (reply := await channel.receive()).get("id") != wanted:
                pass
        return reply

    def bind(self, name: str) -> int:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.bind(("127.0.0.1", 0))
        self.held[name] = sock
        self.ports[name] = sock.getsockname()[1]
        return self.ports[name]

    async def route(
        self, *endpoints: RouteEndpoint, rules: tuple[HostRule, ...] = (), protocol: Any = "http"
    ) -> int:
        """Send one route named `main`; return its port."""
        return await self.routes(Route("main", protocol, endpoints, rules, "my-service"))

    async def routes(self, *routes: Route) -> int:
        new = [route.listener for route in routes if route.listener not in self.held]
        for name in new:
            self.bind(name)
        self.number += 1
        reply = await self.ask(
            "table",
            files=[self.held[name].fileno() for name in new],
            table=to_json(RouteTable(self.number, routes)),
            listeners=new,
        )
        assert reply["type"] == "ack", reply
        return self.ports[routes[0].listener]

    async def end(self) -> None:
        with contextlib.suppress(AttributeError):
            self.channel.close()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
            await self.process.wait()
        for sock in self.held.values():
            sock.close()


class Gate:
    """The data path inside this process, with limits short enough to wait for."""

    def __init__(self, limits: Limits) -> None:
        ids = itertools.count(1)
        self.context = Context(asyncio.get_running_loop(), limits, lambda: b"id-%d" % next(ids))
        self.forwarding = Forwarding(self.context, random.Random(7).random)
        self.ports: dict[str, int] = {}
        self.number = 0
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            self.forwarding.sweep(self.context.now())

    async def route(
        self, *endpoints: RouteEndpoint, rules: tuple[HostRule, ...] = (), protocol: Any = "http"
    ) -> int:
        return await self.routes(Route("main", protocol, endpoints, rules, "my-service"))

    async def routes(self, *routes: Route) -> int:
        sockets = {}
        for route in routes:
            if route.listener not in self.ports:
                sock = sockets[route.listener] = socket.create_server(("127.0.0.1", 0))
                self.ports[route.listener] = sock.getsockname()[1]
        self.number += 1
        await self.forwarding.apply(RouteTable(self.number, routes), sockets)
        return self.ports[routes[0].listener]

    @property
    def counters(self) -> Any:
        return self.forwarding.listeners["main"].entrance.counters

    async def quiet(self) -> None:
        """Wait until nothing is in flight anywhere, and check that nothing was counted twice."""
        async with asyncio.timeout(5):
            while self.counters.in_flight or any(
                e["in_flight"] for e in self.forwarding.stats()["endpoints"]
            ):
                await asyncio.sleep(0.005)

    async def end(self) -> None:
        self._sweeping.cancel()
        await self.forwarding.stop(0)
        await asyncio.sleep(0)


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    made = Gate(Limits(head=0.2, idle=0.4, progress=1.0, connect=1.0, linger=0.3))
    yield made
    await made.end()


@pytest.fixture
async def router(tmp_path: Path) -> AsyncIterator[RouterProcess]:
    process = RouterProcess(tmp_path)
    await process.start()
    yield process
    await process.end()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Replica]]]:
    servers: list[asyncio.Server] = []

    async def start(uid: str, handler: Handler) -> Replica:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        servers.append(server)
        return Replica(uid, server.sockets[0].getsockname()[1], server)

    yield start
    for server in servers:
        server.close()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


@pytest.fixture
def head_of() -> Callable[[asyncio.StreamReader], Awaitable[bytes]]:
    return read_head


@pytest.fixture
def saying(serve: Any) -> Callable[[str], Awaitable[Replica]]:
    """Start a replica that answers every request, kept alive, with its name."""

    async def start(uid: str) -> Replica:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await read_head(reader)
                    body = uid.encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            writer.close()

        return await serve(uid, handle)

    return start


@pytest.fixture
def talk() -> Callable[..., Awaitable[bytes]]:
    """Send bytes to a port and return everything that comes until the end."""

    async def exchange(port: int, data: bytes, *, half_close: bool = False) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(data)
            if half_close:
                writer.write_eof()
            async with asyncio.timeout(15):
                return await reader.read()
        finally:
            writer.close()

    return exchange
