"""What a process leaves behind, whatever that has made of its session and its environment."""

import signal
from collections.abc import Awaitable, Callable

from flaskship.engines.local.processes.limits import Cell
from flaskship.engines.local.processes.signals import kill_all
from flaskship.engines.local.supervisor.world import World

CELL_TRIES, CELL_SECONDS = 20, 0.05


async def end_leftovers(world: World, uid: str) -> None:
    """End the process and everything of it at once, remove its cell, and forget it."""
    launcher = world.launcher
    if await launcher.signal(uid, signal.SIGKILL, group=True):
        await launcher.ending(uid)
    cell = world.containment.left_by(uid)
    await kill_all(world.paths.project, uid, None, cell=cell)
    # Who dies before it is forgotten is found again, and its cell with it.
    await remove_cell(cell, world.sleep)
    await launcher.forget(uid)


async def remove_cell(cell: Cell | None, sleep: Callable[[float], Awaitable[None]]) -> bool:
    """Return whether nothing of it is left; the last of the killed may take a moment to go."""
    for _ in range(CELL_TRIES):
        if cell is None or cell.remove():
            return True
        await sleep(CELL_SECONDS)
    return False
