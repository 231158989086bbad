"""What an environment needs of the place where its engine runs it: asked for by doctor, never changed."""

import asyncio
from collections.abc import Iterable

from flaskship.engines.base import HasSurroundings
from flaskship.model.errors import FlaskshipError
from flaskship.model.project import Environment, Project
from flaskship.tasks.machine import Check, Health
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.world import World

LOCAL = "local"
PATIENCE = 30.0


async def check_surroundings(
    world: World, project: Project, environments: Iterable[Environment], *, meant: bool
) -> tuple[Check, ...]:
    """Ask each environment's cluster for what its manifests need; meant: somebody named the environment.

    A cluster that nobody named and that does not answer is a warning: it is needed to deploy there only.
    """
    remote = [one for one in environments if one.engine != LOCAL]
    found = await asyncio.gather(*(_checks(world, project, one, meant) for one in remote))
    return tuple(check for checks in found for check in checks)


async def _checks(world: World, project: Project, environment: Environment, meant: bool) -> list[Check]:
    missing = Health.FAILED if meant else Health.WARNING
    name = f"cluster of {environment.name}"
    try:
        engine = world.open_engine(project, environment, environment.engine)
    except FlaskshipError as error:
        return [Check(name, missing, error.message, error.hint)]
    try:
        if not isinstance(engine, HasSurroundings):
            return []
        rendered = draft(world, project, environment, Wish(), 1, is_upgrade=False).rendered
        async with asyncio.timeout(PATIENCE):
            needs = await engine.surroundings(environment.name, rendered.documents, rendered.hooks)
    except FlaskshipError as error:
        return [Check(name, missing, error.message, error.hint)]
    except TimeoutError:
        return [Check(name, missing, f"no answer within {PATIENCE:g} s", "see that the cluster answers")]
    finally:
        await engine.close()
    return [
        Check(
            f"{environment.name}: {one.name}",
            Health.OK if one.met else missing if one.needed else Health.WARNING,
            one.message,
            None if one.met else one.advice,
        )
        for one in needs
    ]
