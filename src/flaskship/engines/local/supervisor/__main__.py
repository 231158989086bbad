"""python -m flaskship.engines.local.supervisor --project /abs/path [--ready FD]."""

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import sys
import time
from pathlib import Path

from flaskship.engines.local import steps
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.limits import choose_containment
from flaskship.engines.local.processes.ports import choose_addresses
from flaskship.engines.local.processes.watchdog import Excess, Watchdog
from flaskship.engines.local.state import State
from flaskship.engines.local.supervisor.container import ContainerRuntime
from flaskship.engines.local.supervisor.launcher import Launcher
from flaskship.engines.local.supervisor.log_caps import cap_logs
from flaskship.engines.local.supervisor.router_link import RouterLink
from flaskship.engines.local.supervisor.server import Server
from flaskship.engines.local.supervisor.singleton import become_the_one
from flaskship.engines.local.supervisor.supervisor import Supervisor
from flaskship.engines.local.supervisor.world import World
from flaskship.model.errors import FlaskshipError

IDLE_SECONDS = 3.0


def main() -> int:
    """Run the one supervisor of a project until nothing is left to supervise."""
    parser = argparse.ArgumentParser(prog="flaskship-supervisor")
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--ready", type=int)
    parser.add_argument("--if-alone", action="store_true", help="end at once where another one runs")
    options = parser.parse_args()
    paths = LocalPaths(options.project.resolve())
    try:
        paths.create()
        if not become_the_one(paths, patient=not options.if_alone):
            _tell(options.ready, "")
            return 0
        asyncio.run(_supervise(paths, options.ready))
    except FlaskshipError as error:
        # The one who started us reads the reason from the pipe; everybody else finds it in the log.
        print(error, file=sys.stderr)  # noqa: T201
        _tell(options.ready, f"{error.message}\n{error.hint or ''}")
        return error.exit_code
    return 0


async def _supervise(paths: LocalPaths, ready: int | None) -> None:
    state = State(paths.database)
    steps.arm(os.environ, str(paths.project), lambda: next((lock.pid for lock in state.locks()), None))
    containers: dict[str, ContainerRuntime] = {}
    watchdog = Watchdog(paths.project, lambda excess: _over_limit(containers, excess))
    world = World(
        paths=paths,
        state=state,
        launcher=Launcher(paths),
        now=time.time,
        sleep=asyncio.sleep,
        random_name=lambda: secrets.token_hex(5),
        containment=choose_containment(paths.project, watchdog=lambda: watchdog),
        containers=containers,
    )
    placed = (place.address.rsplit(".", 2)[0] for place in state.placements().values())
    addresses = choose_addresses(paths.project, next((net for net in placed if net != "127.0"), None))
    supervisor = Supervisor(world, RouterLink(paths), addresses)
    server = Server(supervisor, paths.socket("supervisor"))
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await supervisor.open()
    tasks = [
        asyncio.create_task(server.serve(server.listen())),
        asyncio.create_task(cap_logs(supervisor)),
        asyncio.create_task(supervisor.look_after()),
        *([asyncio.create_task(watchdog.run())] if world.containment is watchdog else []),
        asyncio.create_task(_until_idle(supervisor, server, stopping)),
    ]
    _tell(ready, "")
    try:
        waiting = [
            asyncio.create_task(stopping.wait()),
            asyncio.create_task(supervisor.retired.wait()),
            *tasks,
        ]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (*tasks, *waiting):
            task.cancel()
        await asyncio.gather(*tasks, *waiting, return_exceptions=True)
        await supervisor.close(stop=not supervisor.environments)
        addresses.close()


async def _until_idle(supervisor: Supervisor, server: Server, stopping: asyncio.Event) -> None:
    """Stop once nothing runs and nobody asks, or as soon as a command said so."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await supervisor.ended.wait()
        await server.idle.wait()
        if not supervisor.environments:
            stopping.set()
            return
        supervisor.ended.clear()


async def _over_limit(containers: dict[str, ContainerRuntime], excess: Excess) -> None:
    container = containers.get(excess.uid)
    if container is not None:
        await container.over_limit(f"{excess.resource}: {excess.used} used, {excess.limit} allowed")


def _tell(ready: int | None, message: str) -> None:
    if ready is not None:
        with contextlib.suppress(OSError):
            os.write(ready, message.encode() or b"ready\n")
            os.close(ready)


if __name__ == "__main__":
    sys.exit(main())
