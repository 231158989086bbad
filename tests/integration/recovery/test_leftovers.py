"""What a replica leaves behind goes with it, even what can be told by nothing but the cell that it is in."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contract.harness import Harness, locked
from tests.contract.local import local

from flaskship.engines.local.processes import cgroupfs
from flaskship.engines.local.processes.containment import choose_containment
from flaskship.engines.local.processes.identity import alive, identify
from flaskship.engines.local.processes.limits import Limits
from flaskship.engines.local.processes.watchdog import Watchdog

PROC = Path("/proc")
LEAVING = (
    "import os, signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "if os.fork() == 0:\n"
    " os.setsid()\n"
    " pid = os.fork()\n"
    " if pid == 0: os.execve('/bin/sleep', ['sleep', '777'], {})\n"
    " os._exit(0)\n"
)


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    async with local(tmp_path) as one:
        yield one
        for engine in one.opened:
            await engine.close()


def folders(project: Path) -> list[Path]:
    """The folders of control groups that belong to the project, in every hierarchy."""
    own = cgroupfs.membership(PROC)
    found = set()
    for mount in cgroupfs.mounts(PROC):
        for name in own:
            found.add(cgroupfs.base_folder(mount.folder, own[name], project))
    return [folder for folder in sorted(found) if folder.exists()]


def cells(project: Path) -> list[Path]:
    return [cell for folder in folders(project) for cell in folder.iterdir() if cell.is_dir()]


def without_mark(project: Path) -> set[int]:
    """The processes in the project's cells whose environment is empty."""
    inside = {pid for cell in cells(project) for pid in cgroupfs.members(cell)}
    return {pid for pid in inside if (PROC / str(pid) / "environ").read_bytes() == b""}


async def nothing_of(project: Path, harness: Harness) -> None:
    engine = harness.engine()
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock)
    assert folders(project) == []


def needs_cells(project: Path) -> None:
    async def ignored(_: object) -> None:
        """Nothing is watched here."""

    kind = choose_containment(project, watchdog=lambda: Watchdog(project, ignored)).describe().kind
    if not kind.startswith("cgroup"):
        pytest.skip(f"no control groups may be made here: the containment is {kind}")


async def test_a_grandchild_with_a_cleared_environment_ends_with_its_replica(harness: Harness) -> None:
    needs_cells(harness.folder)
    engine = harness.engine()
    web, front = harness.web()
    container = web["spec"]["template"]["spec"]["containers"][0]
    container["command"][-1] = LEAVING + container["command"][-1]
    first = await harness.succeed(engine, harness.release(web, front))
    (pid,) = without_mark(harness.folder)
    left = identify(pid)
    assert left is not None
    assert os.getsid(pid) != os.getsid(first.workloads[0].replicas[0].pid)
    again, front = harness.web(env={"TURN": "2"})
    await harness.succeed(engine, harness.release(again, front))
    old = first.workloads[0].replicas[0].uid
    await harness.until(engine, lambda now: all(one.uid != old for one in now.workloads[0].replicas))
    assert not alive(left)
    assert not [cell for cell in cells(harness.folder) if cell.name.startswith(old)]
    await nothing_of(harness.folder, harness)


async def test_healthy_replicas_leave_no_cell_and_the_last_one_not_even_the_projects_folder(
    harness: Harness,
) -> None:
    needs_cells(harness.folder)
    engine = harness.engine()
    for turn in range(3):
        await harness.succeed(engine, harness.release(*harness.web(replicas=2, env={"TURN": str(turn)})))
    assert cells(harness.folder)
    await nothing_of(harness.folder, harness)


async def test_what_a_killed_run_left_goes_when_the_next_supervisor_begins(harness: Harness) -> None:
    needs_cells(harness.folder)

    async def ignored(_: object) -> None:
        """Nothing is watched here."""

    containment = choose_containment(harness.folder, watchdog=lambda: Watchdog(harness.folder, ignored))
    containment.create("long-gone.web.1", Limits())
    for cell in cells(harness.folder):
        os.utime(cell, (1_700_000_000, 1_700_000_000))
    seen = await harness.succeed(harness.engine(), harness.release(*harness.web()))
    async with asyncio.timeout(20):
        while any(cell.name == "long-gone.web.1" for cell in cells(harness.folder)):
            await asyncio.sleep(0.02)
    uid = seen.workloads[0].replicas[0].uid
    assert {cell.name for cell in cells(harness.folder)} == {f"{uid}.web.1"}
    await nothing_of(harness.folder, harness)
