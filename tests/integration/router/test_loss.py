"""Real gunicorn servers are replaced one after another under load: no request may be lost."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import Counter
from pathlib import Path

import pytest

from flaskship.engines.local.routes import RouteEndpoint

ROUNDS = 4
REPLICAS = 2


class Gunicorn:
    """One replica, as an image runs it."""

    def __init__(self, name, log):
        self.name = name
        self.log = log

    async def start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gunicorn", "wsgi_app:app", "--chdir", str(Path(__file__).parent),
                "--worker-class", "gthread", "--threads", "8", "--bind", f"127.0.0.1:{self.port}",
                "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--log-level", "warning",
                env={**os.environ, "NAME": self.name}, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return self
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.02)

    def endpoint(self):
        return RouteEndpoint(self.name, "127.0.0.1", self.port)

    async def stop(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            return await self.process.wait()


class Load:
    """Clients that note every answer which is not the right one."""

    def __init__(self, port):
        self.port = port
        self.served = Counter()
        self.lost = []
        self._stopped = False

    async def client(self, method, keep):
        number = 0
        reader = writer = None
        while not self._stopped:
            number += 1
            body = b"%d" % number if method == b"POST" else b""
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                connection = b"" if keep else b"Connection: close\r\n"
                length = b"Content-Length: %d\r\n" % len(body) if body else b""
                writer.write(method + b" / HTTP/1.1\r\nHost: a\r\n" + connection + length + b"\r\n" + body)
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                answer = await reader.readexactly(size)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.lost.append(f"{method} keep={keep}: {error!r}")
                reader = writer = None
                continue
            name, _, rest = answer.partition(b" ")
            if head.startswith(b"HTTP/1.1 200 ") and rest == method + b" " + body:
                self.served[name.decode()] += 1
            else:
                self.lost.append(f"{method} keep={keep}: {head!r} {answer!r}")
            if not keep or b"connection: close" in head.lower():
                writer.close()
                writer = None
        if writer is not None:
            writer.close()

    async def __aenter__(self):
        kinds = [(method, keep) for method in (b"GET", b"POST") for keep in (True, False)]
        self._tasks = [asyncio.create_task(self.client(*kind)) for kind in kinds for _ in range(2)]
        return self

    async def __aexit__(self, *_):
        self._stopped = True
        async with asyncio.timeout(20):
            await asyncio.gather(*self._tasks)


async def replace(router, running, names, log):
    """One rolling update: add the new on ready, then remove, drain and end the old."""
    for position, name in enumerate(names):
        new = await Gunicorn(name, log).start()
        old = running[position]
        await router.route(*[replica.endpoint() for replica in (*running, new)])
        running[position] = new
        await router.route(*[replica.endpoint() for replica in running])
        drained = await router.ask("drain", uid=old.name, timeout=10)
        assert drained["in_flight"] == 0
        assert await old.stop() == 0


@pytest.fixture
async def running(router, tmp_path):
    log = tmp_path / "gunicorn.log"
    replicas = [await Gunicorn(f"r0-{n}", log).start() for n in range(REPLICAS)]
    yield replicas
    for replica in replicas:
        await replica.stop()


async def test_rolling_updates_of_real_servers_lose_no_request(router, running, tmp_path):
    port = await router.route(*[replica.endpoint() for replica in running])
    async with Load(port) as load:
        for turn in range(1, ROUNDS + 1):
            await replace(
                router, running, [f"r{turn}-{n}" for n in range(REPLICAS)], tmp_path / "gunicorn.log"
            )
        await asyncio.sleep(0.3)
    assert load.lost == []
    assert all(load.served[f"r{turn}-{n}"] for turn in range(ROUNDS + 1) for n in range(REPLICAS))
    stats = await router.ask("stats")
    assert stats["listeners"]["main"]["failed"] == 0
    assert stats["listeners"]["main"]["requests"] == sum(load.served.values())


async def test_a_replica_killed_under_load_loses_at_most_what_it_was_answering(router, running):
    port = await router.route(*[replica.endpoint() for replica in running])
    async with Load(port) as load:
        await asyncio.sleep(0.5)
        os.kill(running[0].process.pid, signal.SIGSTOP)
        worker = (
            Path(f"/proc/{running[0].process.pid}/task/{running[0].process.pid}/children").read_text().split()
        )
        os.kill(int(worker[0]), signal.SIGKILL)
        os.kill(running[0].process.pid, signal.SIGKILL)
        await asyncio.sleep(1)
    # Requests that may change something are not repeated; the clients have four of them under way at most.
    assert len([entry for entry in load.lost if "GET" in entry]) == 0
    assert len(load.lost) <= 4
    assert load.served[running[1].name] > 0
