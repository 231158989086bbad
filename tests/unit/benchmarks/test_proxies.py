"""What the router is compared with does the same work: it takes its settings and adds the same fields."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchmarks.machine import free_port
from benchmarks.proxies import proxy_command, router, running

ADDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id"}


async def asked_of(port: int, replica: int) -> list[dict[str, str]]:
    """Return the fields of two requests, each over a connection of its own, as the replica sees them."""
    seen: list[dict[str, str]] = []
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
                seen.append({n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head)})
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", replica):
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
            writer.close()
    assert connections == 1, "the second request did not use the first one's connection to the server"
    return seen


@contextmanager
def proxy(name: str, server: int, folder: Path) -> Iterator[int]:
    if name == "router":
        with router(server, folder) as target:
            yield target.port
        return
    port = free_port()
    command = proxy_command(name, port, server, folder)
    if command is None:
        pytest.skip(f"{name} is not installed here")
    check = ["-c"] if name == "haproxy" else ["-t"]
    taken = subprocess.run([*command, *check], capture_output=True, text=True, check=False, cwd=folder)
    assert taken.returncode == 0, taken.stderr
    with running(command, port, folder):
        yield port


@pytest.mark.parametrize("name", ["router", "haproxy", "nginx"])
def test_every_proxy_does_the_same_work(name: str, tmp_path: Path) -> None:
    server = free_port()
    with proxy(name, server, tmp_path) as port:
        first, second = asyncio.run(asked_of(port, server))
    assert first.keys() >= ADDED
    assert (first["host"], first["x-forwarded-host"]) == ("bench", "bench")
    assert (first["x-forwarded-for"], first["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert len(first["x-request-id"]) >= 32
    assert first["x-request-id"] != second["x-request-id"]
