"""Deploy: render, build, lock, apply, follow, judge, and go back where it failed."""

from contextlib import suppress
from dataclasses import replace

from flaskship.engines.base import Engine
from flaskship.model.errors import FlaskshipError
from flaskship.model.frozen import dataclass
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document, Release
from flaskship.tasks.carry_out import Stage, carry_out, last_healthy
from flaskship.tasks.causes import origins_of
from flaskship.tasks.digests import refuse_tags
from flaskship.tasks.locking import owned_by, writing_to
from flaskship.tasks.prepare import Draft, Wish, build_all, compose, draft
from flaskship.tasks.result import Moved
from flaskship.tasks.world import Report, World


@dataclass(frozen=True, slots=True)
class Change:
    """What a deploy would do to one object."""

    kind: str
    name: str
    change: str


async def deploy(
    world: World, project: Project, environment: Environment, engine: Engine, wish: Wish, report: Report
) -> Moved:
    """Bring the environment to what its files say now."""
    report.step(f"{environment.name}: rendering {project.chart.name} for {environment.release}")
    plan = await next_draft(world, project, environment, engine, wish)
    if not engine.local_images:
        refuse_tags(world, plan)
    images = await build_all(world, plan, report) if engine.local_images else {}
    by = compose(world, plan, images, wish).provenance
    owner = owned_by(by.actor, "deploy", by.reason)
    async with writing_to(engine, environment.name, owner, wish.lock_timeout, report) as lock:
        return await deploy_locked(Stage(world, engine, lock, report, wish), plan, images)


async def deploy_locked(stage: Stage, plan: Draft, images: dict[str, str]) -> Moved:
    """Carry a draft out as the one writer; it is drawn again where somebody deployed meanwhile."""
    plan = await next_draft(stage.world, plan.project, plan.environment, stage.engine, stage.wish, drawn=plan)
    release = compose(stage.world, plan, images, stage.wish)
    before = await stage.engine.observe(plan.environment.name)
    healthy = await _last_healthy_release(stage.engine, plan.environment.name)
    origins = origins_of(stage.world, plan, healthy, stage.engine)
    try:
        return await carry_out(replace(stage, explain=origins.explain), release, before)
    except FlaskshipError as refused:
        origins.explain_refusal(refused)
        raise


async def _last_healthy_release(engine: Engine, environment: str) -> Release | None:
    """What a failure is compared with; none where the engine no longer has it: the deploy needs it not."""
    healthy = last_healthy(await engine.history(environment))
    if healthy is None:
        return None
    with suppress(FlaskshipError):
        return await engine.recall(environment, healthy.number)
    return None


async def next_draft(
    world: World,
    project: Project,
    environment: Environment,
    engine: Engine,
    wish: Wish,
    drawn: Draft | None = None,
) -> Draft:
    """Render the environment as the revision that an apply would take now; a draft of that number is kept."""
    history = await engine.history(environment.name)
    revision = history[-1].number + 1 if history else 1
    if drawn is not None and drawn.revision == revision:
        return drawn
    return draft(world, project, environment, wish, revision, is_upgrade=bool(history))


async def rehearse(
    world: World, project: Project, environment: Environment, engine: Engine, wish: Wish
) -> tuple[Change, ...]:
    """Tell what a deploy would change against the last healthy revision; nothing is built or touched."""
    plan = await next_draft(world, project, environment, engine, wish)
    healthy = last_healthy(await engine.history(environment.name))
    old = await engine.recall(environment.name, healthy.number) if healthy else None
    return changes(old, plan.rendered.documents)


def changes(old: Release | None, new: tuple[Document, ...]) -> tuple[Change, ...]:
    """Compare objects as objects, by kind and name."""
    before = {_key(document): document for document in (old.documents if old else ())}
    after = {_key(document): document for document in new}
    found = []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            change = "added" if key not in before else "removed" if key not in after else "changed"
            found.append(Change(*key, change))
    return tuple(found)


def _key(document: Document) -> tuple[str, str]:
    return str(document.get("kind", "")), str((document.get("metadata") or {}).get("name", ""))
