"""The server of the path benchmark, and the three that stand before it: the router, HAProxy, nginx.

All three do the same work with one thread: HTTP/1.1 to the server over kept connections that any request may
use, the same four fields added to each request (X-Forwarded-For, -Proto, -Host, X-Request-Id), no access log.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import MODES, PROGRAM
from flaskship.engines.local.channel import Channel
from flaskship.engines.local.routes import Route, RouteEndpoint, RouteTable, to_json


@dataclass
class Target:
    """One way to the server; pids are the processes whose time is counted."""

    name: str
    port: int
    pids: tuple[int, ...]
    rates: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    costs: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    failed: int = 0


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
        return [sys.executable, str(PROGRAM), "--serve", str(port)]
    return [
        sys.executable, "-m", "gunicorn", "load:app", "--chdir", str(PROGRAM.parent),
        "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8",
        "--no-control-socket", "--worker-tmp-dir", "/dev/shm",
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
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Request-Id %[uuid()]
  default_backend back
backend back
  http-reuse always
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
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Request-Id $request_id;
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
