"""Down: stop an environment; its data stays unless it is purged by name."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from flaskship.engines.base import Engine
from flaskship.engines.local.paths import LocalPaths
from flaskship.model.frozen import dataclass
from flaskship.model.project import Project
from flaskship.tasks.locking import DEFAULT_WAIT, writing_to
from flaskship.tasks.targets import LOCAL, runs
from flaskship.tasks.world import Report, World


@runtime_checkable
class HasDaemons(Protocol):
    """An engine with processes of its own, which end when nothing needs them."""

    async def shutdown(self) -> str:
        """End the engine's own processes; return what keeps them. Doing it twice is harmless."""


@dataclass(frozen=True, slots=True)
class Down:
    """What became of one environment."""

    environment: str
    engine: str
    stopped: bool
    purged: tuple[str, ...] = ()


async def down(engine: Engine, project: Project, environment: str, report: Report, *, purge: bool) -> Down:
    """Stop one environment; doing it twice is harmless."""
    before = await engine.observe(environment)
    doomed = belongings(project.root, environment) if purge else ()
    # An engine that lost its state has no release to tell of, and notes what it found running.
    stopping = runs(before) or bool(before.notes)
    if not stopping and not doomed:
        return Down(environment, engine.name, stopped=False)
    for path in doomed:
        report.warn(f"removing for good: {path}")
    if stopping:
        report.step(f"stopping {environment}")
    async with writing_to(engine, environment, "down", DEFAULT_WAIT, report) as lock:
        await engine.delete(environment, lock, purge=purge)
    return Down(environment, engine.name, stopping, tuple(str(path) for path in doomed))


async def down_all(world: World, project: Project, report: Report, *, purge: bool) -> tuple[Down, ...]:
    """Stop every environment on this machine side by side, and then the engine's own processes."""
    engines = [world.open_engine(project, environment, LOCAL) for environment in project.environments]
    try:
        stopped = await asyncio.gather(
            *(
                down(engine, project, environment.name, report, purge=purge)
                for engine, environment in zip(engines, project.environments, strict=True)
            )
        )
        await _let_go(engines[1:])
        if engines and isinstance(engines[0], HasDaemons):
            kept = await engines[0].shutdown()
            if kept:
                report.warn(f"Flaskship's own processes stay for now: {kept}")
    finally:
        await _let_go(engines)
    return tuple(stopped)


async def _let_go(engines: Sequence[Engine]) -> None:
    # An engine's own processes wait for whoever is still connected: here that would be we ourselves.
    for engine in engines:
        await engine.close()


def belongings(root: Path, environment: str) -> tuple[Path, ...]:
    """Return what an environment keeps on this machine and a purge removes."""
    paths = LocalPaths(root)
    folder = paths.environment(environment)
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    secrets = paths.secrets(environment)
    return (*inside, *([secrets] if secrets.exists() else []))
