"""Status: what runs where, as the engines see it now."""

from dataclasses import dataclass

from flaskship.model.errors import PreflightError
from flaskship.model.project import Environment, Project
from flaskship.model.snapshot import Snapshot
from flaskship.tasks.follow import following
from flaskship.tasks.targets import open_to_read
from flaskship.tasks.world import Report, World


@dataclass(frozen=True, slots=True)
class Seen:
    """One environment as it is, or the reason why nobody could look."""

    environment: str
    engine: str
    namespace: str
    snapshot: Snapshot | None
    problem: str | None = None


async def status(world: World, project: Project, environment: Environment, engine: str | None) -> Snapshot:
    """Look at one environment."""
    opened, snapshot = await open_to_read(world, project, environment, engine)
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
