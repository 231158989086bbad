"""Requests per second through the router, against the same server directly and against HAProxy and nginx.

python benchmarks/path.py [--rounds 7] [--seconds 2] [--connections 16] [--server gunicorn|bare] [--json FILE]
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flaskship.engines.local.channel import Channel
from flaskship.engines.local.routes import Route, RouteEndpoint, RouteTable, to_json

if TYPE_CHECKING:
    from benchmarks.figures import Options, Result

HERE = Path(__file__).resolve().parent
MODES = ("keep-alive", "reconnecting")
LEVEL = 0.95
"""Rounds of one proxy differ by as much: from here on the router is level."""
TICKS = os.sysconf("SC_CLK_TCK")


def app(_environ, start_response):  # type: ignore[no-untyped-def]
    """Answer like a health endpoint: the server that gunicorn runs."""
    body = b'{"status":"healthy"}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@dataclass
class Target:
    """One way to the server; pids are the processes whose time is counted."""

    name: str
    port: int
    pids: tuple[int, ...]
    rates: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    costs: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    failed: int = 0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.025)
    raise SystemExit(f"{process.args!r} does not answer on port {port}")


@contextlib.contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server in its own session until the end; its output goes to a file in the folder."""
    with (folder / "output.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def server_command(kind: str, port: int) -> list[str]:
    if kind == "bare":
        return [sys.executable, str(HERE / "path.py"), "--serve", str(port)]
    return [
        sys.executable, "-m", "gunicorn", "path:app", "--chdir", str(HERE), "--bind", f"127.0.0.1:{port}",
        "--worker-class", "gthread", "--threads", "8", "--no-control-socket", "--worker-tmp-dir", "/dev/shm",
    ]  # fmt: skip


HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
frontend front
  bind 127.0.0.1:{port}
  default_backend back
backend back
  http-reuse safe
  server one 127.0.0.1:{server}
"""
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream back {{ server 127.0.0.1:{server}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""


def proxy_command(name: str, port: int, server: int, folder: Path) -> list[str] | None:
    """Return how to start HAProxy or nginx in HTTP mode, None where it is not installed."""
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return None
    file = folder / f"{name}.conf"
    text = HAPROXY if name == "haproxy" else NGINX
    file.write_text(text.format(port=port, server=server, folder=folder))
    return [program, "-db", "-f", str(file)] if name == "haproxy" else [program, "-c", str(file)]


async def give_route(path: Path, listener: socket.socket, server: int) -> None:
    """Do what the supervisor does: pass the listener and one route."""
    for _ in range(400):
        with contextlib.suppress(OSError):
            channel = await Channel.connect(str(path))
            break
        await asyncio.sleep(0.025)
    else:
        raise SystemExit("the router does not answer")
    route = Route("bench", "http", (RouteEndpoint("one", "127.0.0.1", server),))
    table = to_json(RouteTable(1, (route,)))
    await channel.send(
        {"type": "table", "id": 1, "table": table, "listeners": ["bench"]}, [listener.fileno()]
    )
    reply = await channel.receive()
    channel.close()
    if reply["type"] != "ack":
        raise SystemExit(f"the router refused the table: {reply}")


@contextlib.contextmanager
def router(server: int, folder: Path) -> Iterator[Target]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    command = [
        sys.executable, "-m", "flaskship.engines.local.router", "--project", str(folder),
        "--socket", str(folder / "r.sock"), "--state", str(folder / "routes.json"),
    ]  # fmt: skip
    with running(command, port, folder) as process:
        asyncio.run(give_route(folder / "r.sock", listener, server))
        listener.close()
        yield Target("router", port, (process.pid,))


def family(pid: int) -> tuple[int, ...]:
    """Return a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return (pid, *(int(child) for child in children.read_text().split())) if children.exists() else (pid,)


def seconds_used(pids: tuple[int, ...]) -> float:
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


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
            str(HERE / "path.py"),
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


def measure(target: Target, seconds: float, connections: int, mode: str) -> None:
    # A proxy listens before it has made the process that serves.
    pids = family(target.pids[0])
    before = seconds_used(pids)
    result = load(target.port, seconds, connections, mode)
    used = seconds_used(pids) - before
    target.rates[mode].append(result["rate"])
    target.costs[mode].append(used / max(result["done"], 1) * 1e6)
    target.failed += int(result["failed"])


def report(targets: list[Target], mode: str) -> None:
    direct = statistics.median(targets[0].rates[mode])
    print(
        f"\n{mode}: requests per second (min / median / max), share of direct, time of the proxy per request"
    )
    for target in targets:
        rates = target.rates[mode]
        middle = statistics.median(rates)
        cost = "" if target.name == "direct" else f"  {statistics.median(target.costs[mode]):6.1f} us"
        print(
            f"  {target.name:8} {min(rates):8.0f} / {middle:8.0f} / {max(rates):8.0f}"
            f"  {middle / direct:5.2f}{cost}  failed {target.failed}"
        )


def machine() -> str:
    processor = platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        processor = found[1] if found else processor
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} x {processor}, {system}"


def compare(arguments: argparse.Namespace) -> None:
    print(machine())
    tool = "wrk" if shutil.which("wrk") else "our generator (wrk is not installed)"
    print(f"load: {tool}, {arguments.connections} connections, server: {arguments.server}")
    targets, missing = rounds(
        arguments.server, range(arguments.rounds), arguments.seconds, arguments.connections
    )
    for reason in missing:
        print(reason)
    for mode in MODES:
        report(targets, mode)
    if arguments.json:
        document = {"machine": machine(), "targets": [asdict(target) for target in targets]}
        Path(arguments.json).write_text(json.dumps(document, indent=2) + "\n")


def rounds(
    kind: str, numbers: Iterable[int], seconds: float, connections: int
) -> tuple[list[Target], list[str]]:
    """Return every way to the server with its figures, and the reasons why a proxy is not among them."""
    missing = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="path-")))
        server = free_port()
        process = stack.enter_context(running(server_command(kind, server), server, folder))
        targets = [Target("direct", server, family(process.pid))]
        targets.append(stack.enter_context(router(server, folder)))
        for name in ("haproxy", "nginx"):
            port = free_port()
            command = proxy_command(name, port, server, folder)
            if command is None:
                missing.append(f"{name}: not compared, it is not installed here")
                continue
            proxy = stack.enter_context(running(command, port, folder))
            targets.append(Target(name, port, family(proxy.pid)))
        for each in numbers:
            for mode in MODES:
                for target in targets if each % 2 == 0 else targets[::-1]:
                    measure(target, seconds, connections, mode)
    return targets, missing


def run(options: "Options") -> "Result":
    """Measure with the image's server, which sets the pace, and with one that costs next to nothing."""
    from benchmarks.figures import Goal, Result, Series

    result = Result("path")
    for kind in ("gunicorn", "bare"):
        numbers = options.each_round(f"path, {kind}")
        targets, missing = rounds(kind, numbers, options.pick(2.0, 1.0), int(options.pick(16, 4)))
        if shutil.which("wrk") is None:
            missing.append(
                "wrk: not installed here; the load comes from a generator of ours, which is slower"
            )
        result.notes += [reason for reason in missing if reason not in result.notes]
        for mode in MODES:
            for target in targets:
                result.series.append(Series(f"{kind}, {mode}, {target.name}", "req/s", target.rates[mode]))
            others = [target.rates[mode] for target in targets if target.name in ("haproxy", "nginx")]
            if others:
                best = max(others, key=statistics.median)
                share = statistics.median(a / b for a, b in zip(targets[1].rates[mode], best, strict=True))
                result.goals.append(Goal(f"{kind}, {mode}, router over the better proxy", share, LEVEL, True))
            result.notes.append(
                f"{kind}, {mode}, processor time per request: "
                + ", ".join(
                    f"{target.name} {statistics.median(target.costs[mode]):.1f} us" for target in targets[1:]
                )
            )
        result.goals.append(Goal(f"{kind}, requests that failed", sum(one.failed for one in targets), 0))
    return result


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--server", choices=("gunicorn", "bare"), default="gunicorn")
    parser.add_argument("--json", help="write every round's figures to this file")
    parser.add_argument("--generate", help=argparse.SUPPRESS)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    import uvloop

    if arguments.serve:
        uvloop.run(serve_bare(arguments.serve))
    elif arguments.generate:
        port, seconds, connections, mode = arguments.generate.split(",")
        print(json.dumps(uvloop.run(generate(int(port), float(seconds), int(connections), mode == MODES[0]))))
    else:
        compare(arguments)


if __name__ == "__main__":
    main()
