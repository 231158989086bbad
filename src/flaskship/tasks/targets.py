"""Which environment, on which engine, which application: decided before anything is touched."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from flaskship.engines.base import Doing, Engine, Foresees, HasPermissions
from flaskship.model.errors import ConfigurationError, PreflightError
from flaskship.model.named import Named
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.tasks.nearest import did_you_mean
from flaskship.tasks.prepare import Draft, Wish, drawn_next
from flaskship.tasks.single_writer import guard, rendered_objects
from flaskship.tasks.world import World

LOCAL = "local"
UNREACHABLE = "ClusterUnreachable"


def find_application(environment: str, name: str, known: Iterable[str]) -> str:
    """Return the application's name where it is one of the known, or say which one was probably meant."""
    names = tuple(known)
    if name not in names:
        raise ConfigurationError(
            f"application {name!r} is not part of {environment}", hint=did_you_mean(name, names)
        )
    return name


def runs(snapshot: Snapshot) -> bool:
    """Tell whether the environment has a release that was not stopped."""
    return snapshot.release is not None and snapshot.phase is not Phase.STOPPED


def start_hint(engine: str, environment: str, named: Named) -> str:
    """Return what starts an environment where it does not run: up on this machine, else a deploy."""
    return f"start it: {named.command('up' if engine == LOCAL else 'deploy', environment)}"


def down_command(environment: str, engine: str, named: Named) -> str:
    """Return what stops an environment; down means this machine where nothing else is said."""
    return (named if engine == LOCAL else named.on(engine)).command("down", environment)


async def open_to_read(
    world: World, project: Project, environment: Environment, asked: str | None, doing: Doing | None = None
) -> tuple[Engine, Snapshot]:
    """Return the engine that a read means, with its view: the local one where it runs here.

    A run that was stopped hides nothing of another engine; of a local environment it is still told.
    doing: what is to follow the read, for which its user has to be allowed.
    """
    if asked is not None:
        return await _opened(world, project, environment, asked, doing)
    engine, snapshot = await _opened(world, project, environment, LOCAL)
    if environment.engine == LOCAL or runs(snapshot):
        return engine, snapshot
    await engine.close()
    return await _opened(world, project, environment, environment.engine, doing)


async def open_to_write(
    world: World,
    project: Project,
    environment: Environment,
    asked: str | None,
    command: str,
    take_over: str | None = None,
    *,
    applies: bool = False,
    doing: Doing = Doing.DEPLOY,
    wish: Wish | None = None,
) -> tuple[Engine, Draft | None]:
    """Return the engine that a write means where no other writer has the environment, and what is wished.

    Beside a local run another engine must be named. Nothing is changed yet, not even a lock. Where the write
    applies a revision, the engine gets ready for it meanwhile. What is wished is drawn where another engine
    than the local one can say which revision it would be, and nothing is wrong with it: that is the story's
    to tell. doing: what the user has to be allowed; a deploy that applies nothing is a dry run, which reads.
    """
    name = await _meant(world, project, environment, asked, command)
    if applies:
        world.foresee()
    engine = world.open_engine(project, environment, name)
    try:
        if applies and isinstance(engine, Foresees):
            engine.foresee(environment.name)
            await asyncio.sleep(0)  # what it starts now is ready when all is drawn
        if engine.name == LOCAL:
            await engine.observe(environment.name)
            await guard(world, project, environment, engine, take_over)
            return engine, None
        plan, refused = await _drawn(world, project, environment, engine, wish)
        objects = plan.rendered.documents if plan else rendered_objects(world, project, environment)
        asking = doing if applies or doing is not Doing.DEPLOY else None
        async with permitted(engine, environment.name, objects or (), asking):
            if refused is not None:
                raise refused
            await guard(world, project, environment, engine, take_over, objects)
        return engine, plan
    except BaseException:
        await engine.close()
        raise


async def _drawn(
    world: World, project: Project, environment: Environment, engine: Engine, wish: Wish | None
) -> tuple[Draft | None, PreflightError | None]:
    """Return what is wished, or what the engine says instead of telling its history."""
    try:
        history = await engine.history(environment.name)
    except PreflightError as refused:
        if refused.code == UNREACHABLE:
            raise  # nor would it tell what is permitted
        return None, refused
    try:
        return (drawn_next(world, project, environment, wish, history) if wish else None), None
    except ConfigurationError:
        return None, None


async def _meant(
    world: World, project: Project, environment: Environment, asked: str | None, command: str
) -> str:
    if asked is not None or environment.engine == LOCAL:
        return asked or LOCAL
    engine, snapshot = await _opened(world, project, environment, LOCAL)
    await engine.close()
    if runs(snapshot):
        raise ConfigurationError(
            f"{environment.name} runs on this machine, and flaskship.yaml deploys it with "
            f"{environment.engine}: say which one is meant",
            hint=f"add --engine local or --engine {environment.engine} to: flaskship {command}",
        )
    return environment.engine


@asynccontextmanager
async def permitted(
    engine: Engine, environment: str, documents: tuple[Document, ...], doing: Doing | None
) -> AsyncIterator[None]:
    """Ask meanwhile what the user may do, so that all that is missing is told and not its first read alone.

    Whoever is not the environment's writer is told that, and not to ask for permissions.
    """
    if doing is None or not isinstance(engine, HasPermissions):
        yield
        return
    asking = asyncio.ensure_future(engine.permit(environment, documents, doing))
    try:
        try:
            yield
        except PreflightError:
            await asking
            raise
        await asking
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def _opened(
    world: World, project: Project, environment: Environment, name: str, doing: Doing | None = None
) -> tuple[Engine, Snapshot]:
    engine = world.open_engine(project, environment, name)
    try:
        async with permitted(engine, environment.name, (), doing):
            return engine, await engine.observe(environment.name)
    except BaseException:
        await engine.close()
        raise
