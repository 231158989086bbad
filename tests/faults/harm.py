"""Faults of what runs: processes that misbehave, and how far it goes."""

import asyncio
import os
import signal
import time

from tests.faults import operations
from tests.faults.failing import Deployed, causes_of
from tests.faults.town import PATIENCE

from flaskship.engines.local.processes import proc
from flaskship.model.snapshot import KilledBy

MOST_LOG_BYTES = 400 * 1024 * 1024
"""Far below the gibibyte that is written, with room for a disk that is faster than a look."""


async def killed_from_outside(one: Deployed) -> tuple[str, str]:
    snapshot = await one.look(operations.whole)
    pid = snapshot.workloads[0].replicas[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    back = await one.look(lambda s: operations.whole(s) and s.workloads[0].replicas[0].restarts == 1)
    ended = back.workloads[0].replicas[0].exits[-1]
    assert (ended.signal, ended.killed_by) == (signal.SIGKILL, KilledBy.OUTSIDE)
    return "none", f"restarted; the exit is kept: signal {ended.signal}, killed by {ended.killed_by}"


async def frozen(one: Deployed) -> tuple[str, str]:
    snapshot = await one.look(operations.whole)
    pid = snapshot.workloads[0].replicas[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return await causes_of(one, "ReadinessFailed")


async def only_ends(one: Deployed) -> tuple[str, str]:
    """What it left behind has to be gone with it: Deployed looks for orphans when it ends."""
    marked = sum(len(pids) for pids in proc.marked_pids(str(one.town.project)).values())
    return "none", f"{marked} processes end with the replica"


async def floods(one: Deployed) -> tuple[str, str]:
    """Wait for so much output that it was capped, then see that it is bounded and still serves."""
    home = one.town.paths.environment(one.environment)

    def size() -> int:
        return sum(file.stat().st_size for file in home.rglob("*.log*") if file.exists())

    most = 0
    for _ in range(200):
        await asyncio.sleep(0.02)
        most = max(most, size())
        if (home / "data" / "done").exists():
            break
    assert most < MOST_LOG_BYTES, most
    await one.look(operations.whole)
    return "none", f"serves on; at most {most / 1e6:.0f} MB of its log on disk at any look"


async def serves_on(one: Deployed) -> tuple[str, str]:
    snapshot = await one.look(operations.whole)
    assert operations.ask(operations.url(snapshot))[0] == 200
    lines = []
    async for line in one.engine.logs(one.environment, None, tail=20):
        lines.append(line.text)
    assert any("\ufffd" in text for text in lines), lines
    return "none", "serves on; bytes that are no text are shown as U+FFFD"


async def bounded_fork(one: Deployed) -> tuple[str, str]:
    await asyncio.sleep(1.0)
    count = sum(len(pids) for pids in proc.marked_pids(str(one.town.project)).values())
    assert count < 4000, count
    return "none", f"{count} processes at most, all ended with the replica"


async def one_line(one: Deployed) -> tuple[str, str]:
    """A flood that is a single line: its beginning is told, and how much of it is gone."""
    code, sentence = await floods(one)
    limit = time.monotonic() + PATIENCE
    dropped = 0
    # It may still be written, and be cut at the instant of looking.
    while dropped < MOST_LOG_BYTES and time.monotonic() < limit:
        lines = [line.text async for line in one.engine.logs(one.environment, None, tail=20)]
        noted = [text for text in lines if text.endswith("bytes of this line were dropped]")]
        assert all(text.startswith("begins here xxx") for text in noted), noted[0][:80]
        dropped = int(noted[0].rpartition("flaskship: ")[2].split()[0]) if noted else 0
    assert dropped >= MOST_LOG_BYTES, dropped
    return code, f"{sentence}; the line's beginning stays, with a note of what is dropped"
