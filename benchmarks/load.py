"""The load of the path benchmark and the servers that it is for: processes of their own.

python benchmarks/load.py --serve PORT | --generate PORT,SECONDS,CONNECTIONS,MODE
"""

import argparse
import asyncio
import json
import math
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import uvloop

PROGRAM = Path(__file__).resolve()
MODES = ("keep-alive", "reconnecting")


def app(_environ, start_response):  # type: ignore[no-untyped-def]
    """Answer like a health endpoint: the server that gunicorn runs."""
    body = b'{"status":"healthy"}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


async def serve_bare(port: int) -> None:
    """Answer every read with the same bytes: a server that costs next to nothing."""

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport: asyncio.Transport = transport  # type: ignore[assignment]

        def data_received(self, data: bytes) -> None:
            last = b"onnection: close" in data
            fields = b"Server: bare\r\nContent-Length: 20\r\n" + (b"Connection: close\r\n" if last else b"")
            self._transport.write(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + b"x" * 20)
            if last:
                self._transport.close()

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


class Generator(asyncio.Protocol):
    """One client that asks again as soon as it was answered."""

    def __init__(self, counts: dict[str, int], keep: bool, done: "asyncio.Future[None] | None") -> None:
        self._counts, self._keep, self._done = counts, keep, done
        self._left = -1
        self._request = b"GET / HTTP/1.1\r\nHost: bench\r\n%b\r\n" % (
            b"" if keep else b"Connection: close\r\n"
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            head, _, body = data.partition(b"\r\n\r\n")
            self._left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]) - len(body)
            self._counts["done" if head.startswith(b"HTTP/1.1 200") else "failed"] += 1
        else:
            self._left -= len(data)
        if not self._left:
            self._left = -1
            if self._keep:
                self._transport.write(self._request)
            else:
                self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)


async def generate(port: int, seconds: float, connections: int, keep: bool) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    counts = {"done": 0, "failed": 0}
    end = loop.time() + seconds

    async def client() -> None:
        while loop.time() < end:
            done: asyncio.Future[None] = loop.create_future()
            try:
                await loop.create_connection(partial(Generator, counts, keep, done), "127.0.0.1", port)
            except OSError:
                counts["failed"] += 1
                continue
            await done

    tasks = [asyncio.create_task(client()) for _ in range(connections)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    return {"rate": counts["done"] / seconds, "done": counts["done"], "failed": counts["failed"]}


def load(port: int, seconds: float, connections: int, mode: str) -> dict[str, float]:
    """Drive one round with wrk, or where it is missing with a generator of ours in a process of its own."""
    wrk = shutil.which("wrk")
    if wrk is None:
        command = [
            sys.executable,
            str(PROGRAM),
            "--generate",
            f"{port},{seconds},{connections},{mode}",
        ]
        return dict(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    command = [wrk, "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", f"http://127.0.0.1:{port}/"]
    if mode == "reconnecting":
        command[1:1] = ["-H", "Connection: close"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    done = int(re.search(r"(\d+) requests in", text)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = (int(bad[1]) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0)
    return {"rate": rate, "done": done, "failed": failed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--generate", metavar="PORT,SECONDS,CONNECTIONS,MODE")
    parser.add_argument("--serve", type=int, metavar="PORT")
    arguments = parser.parse_args()
    if arguments.serve:
        uvloop.run(serve_bare(arguments.serve))
    elif arguments.generate:
        port, seconds, connections, mode = arguments.generate.split(",")
        print(json.dumps(uvloop.run(generate(int(port), float(seconds), int(connections), mode == MODES[0]))))


if __name__ == "__main__":
    main()
