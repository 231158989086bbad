"""Processes of the project that its state does not know: of a state file that was lost or put back."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from typing import Any

from flaskship.engines.local.spawner.records import Record
from flaskship.engines.local.supervisor.leftovers import end_leftovers
from flaskship.engines.local.supervisor.world import World

GRACE_SECONDS = 10.0


async def end_strays(world: World, known: Mapping[str, Record]) -> None:
    """End every process that no replica of the state was given; who ended already is forgotten."""
    claimed = world.state.process_uids()
    strays = [record for uid, record in known.items() if uid not in claimed]
    await asyncio.gather(*(_end(world, record) for record in strays))


async def _end(world: World, record: Record) -> None:
    ending = world.launcher.ending(record.uid)
    if not ending.done():
        print(f"ending {record.uid} (pid {record.pid}): the state knows no such replica", file=sys.stderr)  # noqa: T201
        await world.launcher.signal(record.uid, signal.SIGTERM)
        grace = asyncio.create_task(_rest(world))
        both: list[asyncio.Future[Any]] = [ending, grace]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        grace.cancel()
        await asyncio.gather(grace, return_exceptions=True)
    await end_leftovers(world, record.uid)


async def _rest(world: World) -> None:
    await world.sleep(GRACE_SECONDS)
