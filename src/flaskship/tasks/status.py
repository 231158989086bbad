"""Status: what runs where, as the engines see it now."""

from dataclasses import replace
from typing import Protocol, runtime_checkable

from flaskship.model.errors import PreflightError, UnresponsiveError
from flaskship.model.frozen import dataclass
from flaskship.model.project import Environment, Project
from flaskship.model.snapshot import Snapshot
from flaskship.tasks.follow import following
from flaskship.tasks.targets import LOCAL, open_to_read
from flaskship.tasks.world import Report, World


@runtime_checkable
class HasRecords(Protocol):
    """An engine that keeps on disk what it should be doing."""

    def recorded(self, environment: str) -> Snapshot:
        """Return what was recorded last, without asking anybody."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One environment as it is, or the reason why nobody could look."""

    environment: str
    engine: str
    namespace: str
    snapshot: Snapshot | None
    problem: str | None = None


async def status(world: World, project: Project, environment: Environment, engine: str | None) -> Snapshot:
    """Look at one environment; where nobody answers, tell what was recorded last, and say so."""
    try:
        opened, snapshot = await open_to_read(world, project, environment, engine)
    except UnresponsiveError as silence:
        local = world.open_engine(project, environment, LOCAL)
        if not isinstance(local, HasRecords):
            raise
        note = f"{silence.message}; this is what was recorded last. {silence.hint or ''}".rstrip()
        return replace(local.recorded(environment.name), notes=(note,))
    await opened.close()
    return snapshot


async def status_of_all(world: World, project: Project, engine: str | None) -> tuple[Seen, ...]:
    """Look at every environment; one that cannot be looked at is unknown and hides no other."""
    found = []
    for environment in project.environments:
        snapshot, problem = None, None
        try:
            snapshot = await status(world, project, environment, engine)
        except PreflightError as error:
            problem = error.message
        named = snapshot.engine if snapshot else engine or environment.engine
        found.append(Seen(environment.name, named, environment.namespace, snapshot, problem))
    return tuple(found)


async def watch(
    world: World, project: Project, environment: Environment, engine: str | None, report: Report
) -> None:
    """Go on looking until the caller is interrupted."""
    opened, snapshot = await open_to_read(world, project, environment, engine)
    try:
        report.saw(snapshot)
        async with following(opened, environment.name) as snapshots:
            async for now in snapshots:
                report.saw(now)
    finally:
        await opened.close()
