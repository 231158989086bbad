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
        frozenset({"restart", "scale", "logs"}),
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
        left = {*marked_pids(str(project)), *_daemons(project)}
        if not left:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"processes are left: {left}")


def _daemons(project: Path) -> set[str]:
    found = set()
    for pid in own_pids():
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if f"--project {project}" in line:
            found.add(line)
    return found
