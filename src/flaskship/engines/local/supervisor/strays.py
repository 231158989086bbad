"""Processes of the project that its state does not know: of a state file that was lost or put back."""

import asyncio
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flaskship.engines.local.processes.proc import read_environment
from flaskship.engines.local.routes import Route, from_json
from flaskship.engines.local.spawner.records import Record
from flaskship.engines.local.supervisor.leftovers import end_leftovers
from flaskship.engines.local.supervisor.world import World

GRACE_SECONDS = 10.0
ANY = ""
"""The environment of a process of which nobody knows its own."""


def strays_of(world: World, known: Mapping[str, Record]) -> tuple[list[Record], dict[str, list[Record]]]:
    """Return the processes that no replica of the state was given: the ended, the others by environment."""
    claimed = world.state.process_uids()
    gone: list[Record] = []
    found: dict[str, list[Record]] = {}
    for record in (record for uid, record in known.items() if uid not in claimed):
        environment = record.environment or read_environment(record.pid)
        (gone if record.ending else found.setdefault(environment or ANY, [])).append(record)
    return gone, found


def routes_to(file: Path, records: Sequence[Record]) -> tuple[Route, ...]:
    """Return the routes of the router's last table that lead to these processes."""
    replicas = {record.uid.split(".")[0] for record in records}
    try:
        table = from_json(json.loads(file.read_text()))
    except (OSError, ValueError):
        return ()
    return tuple(route for route in table.routes if replicas & _reached(route))


def _reached(route: Route) -> set[str]:
    every = [*route.endpoints, *(one for rule in route.rules for one in rule.endpoints)]
    return {one.uid for one in every}


async def end_strays(world: World, records: Sequence[Record]) -> None:
    """End every one of these processes; who ended already is forgotten."""
    await asyncio.gather(*(_end(world, record) for record in records))


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
