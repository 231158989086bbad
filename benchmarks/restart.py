"""kill -9 of a replica to its replacement serving, against a bare start of the same process to serving."""

import asyncio
import contextlib
import os
import signal
import time

from benchmarks.figures import Goal, Options, Result, Series, ratio
from benchmarks.machine import family, free_port
from benchmarks.recipe import Recipe, answering, end, read_recipes, start
from benchmarks.stand import API, APPLICATIONS, ENVIRONMENT, PATIENCE, Stand, stand
from flaskship.engines.base import Restart
from flaskship.model.snapshot import Snapshot

NAME = "restart"
LIMIT = 1.1


def run(options: Options) -> Result:
    return asyncio.run(_run(options))


async def _run(options: Options) -> Result:
    ours = Series("kill -9 to serving through the NodePort")
    theirs = Series("bare start to serving")
    async with stand() as here:
        others = [f"applications.{name}.enabled=false" for name in APPLICATIONS if name != API]
        release = here.render(*others)
        snapshot = await here.move(release)
        bare = read_recipes(snapshot)[API].homed(here.root)
        # Its own address, beside the replica that goes on running.
        bare = moved(bare, "127.0.0.1", free_port())
        for number in options.each_round(NAME):
            sides = (_kill, _bare) if number % 2 == 0 else (_bare, _kill)
            for side in sides:
                taken = await side(here, bare)
                (ours if side is _kill else theirs).values.append(taken)
    goal = Goal("kill -9 to serving, over a bare start", ratio(ours, theirs), LIMIT)
    return Result(NAME, [ours, theirs], [goal])


def moved(recipe: Recipe, address: str, port: int) -> Recipe:
    """Return the recipe for another address."""
    env = {**recipe.env, "POD_IP": address, "PORT": str(port)}
    return Recipe(recipe.application, recipe.argv, env, recipe.cwd, address, port)


async def _bare(here: Stand, bare: Recipe) -> float:
    began = time.perf_counter()
    process = start(bare, here.root / "bare.log")
    try:
        return await answering(bare.address, bare.port) - began
    finally:
        await end(process)


async def _kill(here: Stand, _bare: Recipe) -> float:
    pid = main_pid(await here.ready())
    pids = family(pid)
    began = time.perf_counter()
    for one in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    taken = await answering("127.0.0.1", here.port, since=time.perf_counter()) - began
    await _fresh(here)
    return taken


async def _fresh(here: Stand) -> None:
    """Replace the replica: one that crashes again within ten minutes would wait, as on Kubernetes."""
    lock = await here.engine.acquire(ENVIRONMENT, "benchmark", PATIENCE)
    try:
        await here.ready()
        await here.engine.steer(ENVIRONMENT, API, Restart(), lock)
        await here.ready()
    finally:
        await here.engine.release(lock)


def main_pid(snapshot: Snapshot) -> int:
    workload = next(one for one in snapshot.workloads if one.name == API)
    return next(int(one.pid) for one in workload.replicas if one.ready and one.pid)
