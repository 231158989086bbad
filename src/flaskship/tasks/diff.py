"""Diff: what a deploy would change, against what runs, a revision or another environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        )
        return Compared(environment.name, Side(other.name), difference)
    async with reading(world, project, environment, engine) as (opened, snapshot):
        side, before = await _recalled(opened, snapshot, environment.name, against)
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


async def _recalled(
    engine: Engine, snapshot: Snapshot, environment: str, against: str
) -> tuple[Side, tuple[Document, ...]]:
    if against != LIVE:
        revision = choose(environment, await engine.history(environment), int(against)).number
        release = await engine.recall(environment, revision)
        return Side(environment, engine.name, revision), release.documents
    if snapshot.release is None or not runs(snapshot):
        note = f"{environment} does not run on {engine.name}, so everything would be new"
        return Side(environment, engine.name, note=note), ()
    revision = snapshot.release.revision
    release = await engine.recall(environment, revision)
    desired = {one.name: one.desired for one in snapshot.workloads}
    scaled = tuple(_as_scaled(document, desired) for document in release.documents)
    return Side(environment, engine.name, revision), scaled


def _as_scaled(document: Document, desired: Mapping[str, int]) -> Document:
    """The object with the replicas that somebody scaled it to; where autoscaling decides, none are named."""
    spec: Mapping[str, Any] = document.get("spec") or {}
    name = str((document.get("metadata") or {}).get("name"))
    if "replicas" not in spec or desired.get(name, spec["replicas"]) == spec["replicas"]:
        return document
    return {**document, "spec": {**spec, "replicas": desired[name]}}
