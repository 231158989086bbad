"""python -m flaskship.engines.local.router --project DIR --socket PATH --state FILE."""

import argparse
import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import random
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from flaskship.engines.local import daemon
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.router import journal
from flaskship.engines.local.router.context import Context, Limits
from flaskship.engines.local.router.control import Control
from flaskship.engines.local.router.forwarding import Forwarding
from flaskship.engines.local.router.revival import Revival
from flaskship.engines.local.routes import RouteError, RouteTable

SWEEP = 1.0
STOP_SECONDS = 30.0
FILES = 65536


class AlreadyRunning(Exception):
    """Another router serves this socket."""


def log(event: str, **fields: object) -> None:
    """Write one JSON line to stderr."""
    entry = {"at": round(time.time(), 3), "process": "router", "pid": os.getpid(), "event": event, **fields}
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(json.dumps(entry, default=str) + "\n")
        sys.stderr.flush()


def bind(path: Path) -> tuple[socket.socket, int]:
    """Return the listening socket (0600) and the lock held for life; AlreadyRunning if one answers."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise AlreadyRunning(f"another router holds {path}.lock") from error
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        if _answers(path):
            raise AlreadyRunning(f"somebody answers at {path}")
        path.unlink(missing_ok=True)
        listening.bind(str(path))
        listening.listen(16)
    except BaseException:
        listening.close()
        os.close(lock)
        raise
    finally:
        os.umask(before)
    listening.setblocking(False)
    return listening, lock


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except TimeoutError:
            return True
        except OSError:
            return False
    return True


def restore(forwarding: Forwarding, state: Path) -> None:
    """Begin with the persisted table; a damaged one is named and kept aside."""
    try:
        table = journal.load(state)
    except RouteError as error:
        log("table.damaged", error=str(error), kept=str(journal.set_aside(state)))
        table = RouteTable(0)
    forwarding.restore(table)


async def watch(
    forwarding: Forwarding,
    control: Control,
    revival: Revival,
    project: Path,
    path: Path,
    stopped: asyncio.Event,
) -> str:
    """Sweep until stopped; return why: asked to, or nobody can reach this router any more."""
    loop = asyncio.get_running_loop()
    mine, door = _identity(project), _identity(path)
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SWEEP):
                await stopped.wait()
                return "asked"
        forwarding.sweep(loop.time())
        revival.sweep()
        # Either may have gone before the first look: then there is nothing that it could differ from.
        if _gone(project, mine):
            return "the project's folder is gone"
        if not control.connections and _gone(path, door):
            return "the control socket is gone"


def _gone(path: Path, first: tuple[int, int] | None) -> bool:
    found = _identity(path)
    return found is None or found != first


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def run(project: Path, path: Path, state: Path, listening: socket.socket) -> None:
    """Serve until asked to stop."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    seconds = [STOP_SECONDS]

    def stop(timeout: float) -> None:
        seconds[0] = timeout
        stopped.set()

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    context = Context(loop, Limits(clients=max(16, (soft - 64) // 2)), request_ids())
    forwarding = Forwarding(context, random.random)
    restore(forwarding, state)
    revival = Revival(lambda: daemon.launch(LocalPaths(project), "--if-alone"), log)
    control = Control(forwarding, state, log, stop, revival)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, STOP_SECONDS)
    serving = loop.create_task(control.serve(listening))
    log("started", socket=str(path), table=forwarding.table.number, missing=forwarding.missing)
    try:
        reason = await watch(forwarding, control, revival, project, path, stopped)
        revival.end()
        log("stopping", reason=reason, timeout=seconds[0])
        await forwarding.stop(seconds[0])
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def request_ids() -> Callable[[], bytes]:
    """Return what gives ids that no other request has: 24 random digits of this router, and a count."""
    own = b"%024x%%08x" % random.getrandbits(96)
    count = itertools.count(random.getrandbits(16))
    return lambda: own % (next(count) & 0xFFFFFFFF)


def raise_file_limit() -> None:
    """Allow as many connections as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> int:
    """Run the router of one project."""
    parser = argparse.ArgumentParser(prog="flaskship router", description="The data path of one project.")
    parser.add_argument("--project", type=Path, required=True, help="the project's folder")
    parser.add_argument("--socket", type=Path, required=True, help="where to listen for the supervisor")
    parser.add_argument("--state", type=Path, required=True, help="where the last route table is kept")
    given = parser.parse_args()
    with contextlib.suppress(PermissionError):
        os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise_file_limit()
    try:
        listening, lock = bind(given.socket)
    except (AlreadyRunning, OSError) as error:
        log("refused", socket=str(given.socket), error=str(error))
        return 1
    try:
        uvloop.run(run(given.project, given.socket, given.state, listening))
    finally:
        listening.close()
        given.socket.unlink(missing_ok=True)
        os.close(lock)
    log("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
