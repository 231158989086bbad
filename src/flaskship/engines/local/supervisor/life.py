"""The life of a supervisor: it opens what there is, answers commands, and ends when nothing is left to do."""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import Callable

from flaskship.engines.local import steps
from flaskship.engines.local.aides import Aides
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.capabilities import has
from flaskship.engines.local.processes.changes import file_changes
from flaskship.engines.local.processes.containment import choose_containment
from flaskship.engines.local.processes.empty_groups import remove_empty_groups
from flaskship.engines.local.processes.ports import choose_addresses
from flaskship.engines.local.processes.watchdog import PROCESSES, Excess, Watchdog
from flaskship.engines.local.state import State
from flaskship.engines.local.supervisor.launcher import Launcher
from flaskship.engines.local.supervisor.log_caps import LogCaps
from flaskship.engines.local.supervisor.router_link import RouterLink
from flaskship.engines.local.supervisor.server import Server
from flaskship.engines.local.supervisor.supervisor import Supervisor
from flaskship.engines.local.supervisor.world import Watched, World
from flaskship.model.errors import FlaskshipError
from flaskship.model.snapshot import KilledBy

IDLE_SECONDS = 3.0


async def supervise(paths: LocalPaths, aides: Aides, ready: Callable[[], None]) -> None:
    """Run until nothing is left to supervise; ready() is called once commands can connect."""
    try:
        world, watchdog = _world(paths, aides)
        placed = [place.address.rsplit(".", 2)[0] for place in world.state.placements().values()]
    except FlaskshipError:
        aides.undo()
        raise
    addresses = choose_addresses(paths.project, next((net for net in placed if net != "127.0"), None))
    supervisor = Supervisor(world, RouterLink(paths, aides.router), addresses)
    server = Server(supervisor, paths.socket("supervisor"))
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await supervisor.open()
    tasks = [
        asyncio.create_task(server.serve(server.listen())),
        asyncio.create_task(world.logs.run()),
        asyncio.create_task(supervisor.look_after()),
        *([asyncio.create_task(watchdog.run())] if world.containment is watchdog else []),
        asyncio.create_task(_until_idle(supervisor, server, stopping)),
    ]
    clearing = asyncio.create_task(_clear_up(world))
    ready()
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
        supervisor.leaving = True
        for task in (*tasks, *waiting):
            task.cancel()
        await asyncio.gather(*tasks, *waiting, clearing, return_exceptions=True)
        await supervisor.close(stop=not supervisor.holds)
        addresses.close()


def _world(paths: LocalPaths, aides: Aides) -> tuple[World, Watchdog]:
    state = State(paths.database)
    steps.arm(os.environ, str(paths.project), lambda: next((lock.pid for lock in state.locks()), None))
    containers: dict[str, Watched] = {}
    watchdog = Watchdog(paths.project, lambda excess: _over_limit(containers, excess))
    world = World(
        paths=paths,
        state=state,
        launcher=Launcher(paths, aides.spawner),
        now=time.time,
        sleep=asyncio.sleep,
        random_name=lambda: secrets.token_hex(5),
        containment=choose_containment(paths.project, watchdog=lambda: watchdog),
        containers=containers,
        logs=LogCaps(file_changes()),
    )
    return world, watchdog


async def _clear_up(world: World) -> None:
    """Remove what killed processes have left in the system: nothing of it is in anybody's way."""
    if has("cgroups"):
        known = world.state.process_uids()
        await asyncio.to_thread(remove_empty_groups, world.paths.project, known, world.now())


async def _until_idle(supervisor: Supervisor, server: Server, stopping: asyncio.Event) -> None:
    """Stop once nothing runs and nobody asks, or as soon as a command said so."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await supervisor.ended.wait()
        await server.idle.wait()
        if not supervisor.holds:
            supervisor.leaving = True
            stopping.set()
            return
        supervisor.ended.clear()


async def _over_limit(containers: dict[str, Watched], excess: Excess) -> None:
    container = containers.get(excess.uid)
    if container is not None:
        what = f"{excess.resource}: {excess.used} used, {excess.limit} allowed"
        by = KilledBy.PROCESS_WATCHDOG if excess.resource == PROCESSES else KilledBy.WATCHDOG
        await container.over_limit(what, by)
