"""The local engine under the contract: real processes in a project of its own, and none left afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.contract.harness import Harness, locked

from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.images import build_image
from flaskship.engines.local.processes.proc import marked_pids, own_pids

DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /srv/app\nCOPY . .\nCMD ["python", "-V"]\n'
IMAGE = "demo:1.0"
PROC = Path("/proc")
"""The tests look there also where the engine is not allowed to."""


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Harness]:
    project = folder / "project"
    context = project / "app"
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text(DOCKERFILE)
    image = await build_image(project, "demo", context, report=lambda _: None)
    harness = Harness(
        "local",
        lambda: LocalEngine(project),
        IMAGE,
        {IMAGE: image.id},
        frozenset({"restart", "scale", "logs", "pause", "startup", "withdraw"}),
        folder=project,
    )
    try:
        yield harness
    finally:
        await _stop(LocalEngine(project))
    await _nothing_left(project)


async def _stop(engine: LocalEngine) -> None:
    for environment in await engine.environments():
        async with locked(engine, environment, "clean up") as lock:
            await engine.delete(environment, lock)
    await engine.shutdown()


async def _nothing_left(project: Path) -> None:
    for _ in range(100):
        left = {*marked_pids(str(project), PROC), *daemons(project).values()}
        if not left:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"processes are left: {left}")


def daemons(project: Path, role: str = "") -> dict[int, str]:
    """Return the engine's own processes of a project, or those of one role, with their command lines."""
    found = {}
    for pid in own_pids(PROC):
        try:
            line = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if f"flaskship.engines.local.{role}" in line and f"--project {project} " in line:
            found[pid] = line
    return found
