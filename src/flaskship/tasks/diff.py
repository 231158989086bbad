"""Diff: what a deploy would change, against what runs, a revision or another environment."""

from dataclasses import dataclass

from flaskship.chart.difference import Difference, compare, neutral
from flaskship.engines.base import Engine
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document
from flaskship.model.snapshot import Snapshot
from flaskship.tasks.nearest import did_you_mean
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.reading import reading
from flaskship.tasks.rollback import choose
from flaskship.tasks.targets import runs
from flaskship.tasks.world import World

LIVE = "live"


@dataclass(frozen=True, slots=True)
class Side:
    """What an environment is compared with: another environment, or a revision on an engine; or nothing."""

    environment: str
    engine: str | None = None
    revision: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared, and how they differ."""

    environment: str
    against: Side
    difference: Difference


async def diff(
    world: World,
    project: Project,
    environment: Environment,
    wish: Wish,
    against: str = LIVE,
    engine: str | None = None,
) -> Compared:
    """Render the environment as a deploy would, and compare it object by object; nothing is touched."""
    after = draft(world, project, environment, wish, 1, is_upgrade=True).rendered.documents
    other = _environment(project, environment, against)
    if other is not None:
        before = draft(world, project, other, Wish(), 1, is_upgrade=True).rendered.documents
        difference = compare(
            neutral(before, other.release, other.namespace),
            neutral(after, environment.release, environment.namespace),
            keeps=False,
        )
        return Compared(environment.name, Side(other.name), difference)
    async with reading(world, project, environment, engine) as (opened, snapshot):
        side, before = await _before(opened, snapshot, environment.name, against, after)
    return Compared(environment.name, side, compare(before, after))


def _environment(project: Project, environment: Environment, against: str) -> Environment | None:
    if against == LIVE or against.isdecimal():
        return None
    names = [one.name for one in project.environments if one.name != environment.name]
    if against not in names:
        raise ConfigurationError(
            f"--against {against}: neither live, nor a revision, nor another environment",
            hint=did_you_mean(against, [LIVE, *names]),
        )
    return project.environment(against)


async def _before(
    engine: Engine, snapshot: Snapshot, environment: str, against: str, after: tuple[Document, ...]
) -> tuple[Side, tuple[Document, ...]]:
    if against != LIVE:
        revision = choose(environment, await engine.history(environment), int(against)).number
        release = await engine.recall(environment, revision)
        return Side(environment, engine.name, revision), release.documents
    deployed: tuple[Document, ...] = ()
    if snapshot.release is not None and runs(snapshot):
        deployed = (await engine.recall(environment, snapshot.release.revision)).documents
    live = await engine.live(environment, (*deployed, *after))
    if not live:
        note = f"{environment} does not run on {engine.name}, so everything would be new"
        return Side(environment, engine.name, note=note), ()
    revision_now = snapshot.release.revision if snapshot.release is not None else None
    note = "" if deployed else f"its objects exist on {engine.name}, and no release of ours made them"
    return Side(environment, engine.name, revision_now, note), live
