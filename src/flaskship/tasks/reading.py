"""Reading one environment: the engine that is meant, with a look at it, for as long as somebody reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flaskship.engines.base import Doing, Engine
from flaskship.model.project import Environment, Project
from flaskship.model.snapshot import Snapshot
from flaskship.tasks.targets import find_application, open_to_read
from flaskship.tasks.world import World


@asynccontextmanager
async def reading(
    world: World,
    project: Project,
    environment: Environment,
    engine: str | None,
    application: str | None = None,
    doing: Doing | None = None,
) -> AsyncIterator[tuple[Engine, Snapshot]]:
    """Open the engine that a read means; an application that a running environment lacks is refused.

    doing: what is to follow the read, for which its user has to be allowed.
    """
    opened, snapshot = await open_to_read(world, project, environment, engine, doing)
    try:
        if application is not None and snapshot.workloads:
            find_application(environment.name, application, (one.application for one in snapshot.workloads))
        yield opened, snapshot
    finally:
        await opened.close()
