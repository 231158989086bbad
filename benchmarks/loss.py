"""Requests lost while the API is updated and rolled back again and again; clients come by its NodePort."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from typing import Any

from benchmarks.figures import Goal, Options, Result, Series
from benchmarks.stand import API, APPLICATIONS, ENVIRONMENT, REPOSITORY, Stand, stand
from flaskship.model.snapshot import Snapshot
from flaskship.tasks.carry_out import going_back

NAME = "loss"
REQUESTS = 100_000
MOVES = 20
ONLY_API = tuple(f"applications.{name}.enabled=false" for name in APPLICATIONS if name != API)


class Traffic:
    """The clients' process, and what it has told last."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.counted: dict[str, dict[str, int]] = {"sent": {}, "failed": {}}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def begin(cls, port: int) -> "Traffic":
        command = (sys.executable, "-m", "benchmarks.traffic", str(port))
        return cls(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=REPOSITORY))

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.counted = json.loads(line)

    @property
    def sent(self) -> int:
        return sum(self.counted["sent"].values())

    @property
    def failed(self) -> int:
        return sum(self.counted["failed"].values())

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._reading
        await self._process.wait()


def run(options: Options) -> Result:
    return asyncio.run(_run(options))


async def _run(options: Options) -> Result:
    wanted, moves = int(options.pick(REQUESTS, 100)), int(options.pick(MOVES, 1))
    updates, rollbacks = Series("a rolling update under load"), Series("a rollback under load")
    async with stand() as here:
        await here.move(here.render(*ONLY_API))
        traffic = await Traffic.begin(here.port)
        began = time.perf_counter()
        try:
            while len(rollbacks.values) < moves or traffic.sent < wanted:
                if time.monotonic() > options.until and rollbacks.values:
                    print("loss: its time is over", file=sys.stderr)
                    break
                before = (await here.engine.history(ENVIRONMENT))[-1].number
                updates.values.append(await _timed(here, _update(here, len(updates.values))))
                rollbacks.values.append(await _timed(here, _back(here, before)))
                moved = len(updates.values) + len(rollbacks.values)
                print(
                    f"loss: {moved} moves, {traffic.sent} requests, {traffic.failed} failed", file=sys.stderr
                )
        finally:
            await traffic.end()
        seconds = time.perf_counter() - began
    return told(updates, rollbacks, traffic.counted, seconds, wanted)


async def _timed(here: Stand, move: Any) -> float:
    began = time.perf_counter()
    await move
    return here.after - began


async def _update(here: Stand, number: int) -> Snapshot:
    return await here.move(here.render(*ONLY_API, f"applications.{API}.env.BENCHMARK=n{number}"))


async def _back(here: Stand, revision: int) -> Snapshot:
    old = await here.engine.recall(ENVIRONMENT, revision)
    return await here.move(going_back(old, old.provenance, revision, "benchmark"))


def told(
    updates: Series, rollbacks: Series, counted: dict[str, dict[str, int]], seconds: float, wanted: int
) -> Result:
    sent, failed = sum(counted["sent"].values()), sum(counted["failed"].values())
    notes = [f"{sent} requests in {seconds:.0f} s ({sent / seconds:.0f}/s), {failed} failed"]
    notes += [f"  sent: {kind}: {number}" for kind, number in sorted(counted["sent"].items())]
    notes += [f"  failed: {kind}: {number}" for kind, number in sorted(counted["failed"].items())]
    goals = [
        Goal(
            f"requests across {len(updates.values)} updates and {len(rollbacks.values)} rollbacks",
            sent,
            wanted,
            True,
        ),
        Goal("requests lost", failed, 0),
    ]
    return Result(NAME, [updates, rollbacks], goals, notes)
