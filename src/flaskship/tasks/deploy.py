"""Deploy: render, build, lock, apply, follow, judge, and go back where it failed."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from flaskship.engines.base import Engine, HasBlindSpots, Ignored, LooksAhead
from flaskship.model.errors import FlaskshipError
from flaskship.model.frozen import dataclass
from flaskship.model.named import Named
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document, Release, Revision
from flaskship.tasks.carry_out import Stage, carry_out, last_healthy
from flaskship.tasks.causes import origins_of
from flaskship.tasks.digests import refuse_tags
from flaskship.tasks.locking import owned_by, writing_to
from flaskship.tasks.made_secrets import made_secrets, tell_made_secrets
from flaskship.tasks.prepare import Draft, Wish, build_all, compose, drawn_next, next_draft
from flaskship.tasks.result import Moved
from flaskship.tasks.world import Report, World
from flaskship.verification.liveness_due import seconds_until_asked

SHOWN_FIELDS = 4
"""Of what is ignored for one reason; the JSON has them all."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a deploy would do to one object."""

    kind: str
    name: str
    change: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a deploy would change, and what of it the engine would ignore."""

    changes: tuple[Change, ...]
    ignored: tuple[Ignored, ...] = ()


async def deploy(
    world: World,
    project: Project,
    environment: Environment,
    engine: Engine,
    wish: Wish,
    report: Report,
    drawn: Draft | None = None,
) -> Moved:
    """Bring the environment to what its files say now; drawn: what that is, where somebody looked already."""
    report.step(f"{environment.name}: rendering {project.chart.name} for {environment.release}")
    plan = drawn or await next_draft(world, project, environment, engine, wish)
    if not engine.local_images:
        refuse_tags(world, plan)
    images = await build_all(world, plan, report) if engine.local_images else {}
    by = compose(world, plan, images, wish).provenance
    owner = owned_by(by.actor, "deploy", by.reason)
    ignored = _ignored_of(world, plan, engine)
    async with writing_to(engine, environment.name, owner, wish.lock_timeout, report) as lock:
        moved = await deploy_locked(Stage(world, engine, lock, report, wish), plan, images, ignored)
    return replace(moved, ignored=ignored)


async def deploy_locked(
    stage: Stage, plan: Draft, images: dict[str, str], ignored: tuple[Ignored, ...] = ()
) -> Moved:
    """Carry a draft out as the one writer; it is drawn again where somebody deployed meanwhile.

    ignored: what of it the engine ignores, where the user is to hear of that.
    """
    release = _looked_ahead(stage, plan, images)
    history = await stage.engine.history(plan.environment.name)
    newest = drawn_next(stage.world, plan.project, plan.environment, stage.wish, history, plan)
    if newest is not plan:
        plan, release = newest, _looked_ahead(stage, newest, images)
    before, healthy = await asyncio.gather(
        stage.engine.observe(plan.environment.name),
        _last_healthy_release(stage.engine, plan.environment.name, history),
    )
    before_too = _ignored_before(stage.engine, healthy)
    _tell_ignored(stage.report, plan.environment.name, ignored, before_too, stage.wish.named)
    origins = origins_of(stage.world, plan, healthy, stage.engine)
    known = made_secrets(stage.engine, plan.environment.name)
    try:
        seconds = seconds_until_asked(release.documents, healthy.documents if healthy is not None else None)
        here = replace(stage, explain=origins.explain, liveness_seconds=seconds)
        moved = await carry_out(here, release, before, history)
    except FlaskshipError as refused:
        origins.explain_refusal(refused)
        raise
    finally:
        made = tell_made_secrets(stage.engine, plan.environment.name, known, stage.report)
    return replace(moved, made_secrets=made)


def _looked_ahead(stage: Stage, plan: Draft, images: dict[str, str]) -> Release:
    """The release of a draft, which the engine may have looked at by the time that it is applied."""
    release = compose(stage.world, plan, images, stage.wish)
    if isinstance(stage.engine, LooksAhead):
        stage.engine.look_ahead(release)
    return release


async def _last_healthy_release(
    engine: Engine, environment: str, history: tuple[Revision, ...]
) -> Release | None:
    """What a failure is compared with; none where the engine no longer has it: the deploy needs it not."""
    healthy = last_healthy(history)
    if healthy is None:
        return None
    with suppress(FlaskshipError):
        return await engine.recall(environment, healthy.number)
    return None


async def rehearse(
    world: World, project: Project, environment: Environment, engine: Engine, wish: Wish
) -> Prospect:
    """Tell what a deploy would change against the last healthy revision; nothing is built or touched."""
    plan = await next_draft(world, project, environment, engine, wish)
    healthy = last_healthy(await engine.history(environment.name))
    old = await engine.recall(environment.name, healthy.number) if healthy else None
    return Prospect(changes(old, plan.rendered.documents), _ignored_of(world, plan, engine))


def ignored_by(engine: Engine, documents: tuple[Document, ...]) -> tuple[Ignored, ...]:
    """Return what an engine ignores of these objects; one without blind spots ignores nothing."""
    return engine.ignored(documents) if isinstance(engine, HasBlindSpots) and documents else ()


def _ignored_of(world: World, plan: Draft, engine: Engine) -> tuple[Ignored, ...]:
    """What an engine ignores of a draft; what it cannot read is refused at the line that wrote it."""
    try:
        return ignored_by(engine, plan.rendered.documents)
    except FlaskshipError as refused:
        origins_of(world, plan, engine=engine).explain_refusal(refused)
        raise


def _ignored_before(engine: Engine, known: Release | None) -> tuple[Ignored, ...]:
    """What was ignored of an earlier release; nothing where this engine no longer reads it."""
    with suppress(FlaskshipError):
        return ignored_by(engine, known.documents) if known is not None else ()
    return ()


def ignored_line(one: Ignored) -> str:
    """Return what is ignored for one reason in a line."""
    fields = ", ".join(one.fields[:SHOWN_FIELDS])
    more = f" and {len(one.fields) - SHOWN_FIELDS} more" if len(one.fields) > SHOWN_FIELDS else ""
    of = f" of {one.objects[0]}" if len(one.objects) == 1 else f" of {len(one.objects)} objects"
    return f"{fields}{more}{of}: {one.reason}"


def _tell_ignored(
    report: Report,
    environment: str,
    ignored: tuple[Ignored, ...],
    before: tuple[Ignored, ...],
    named: Named,
) -> None:
    """Warn of what was not ignored before; what ran with it already is one line, lest nobody reads any."""
    known = {(field, one.reason) for one in before for field in one.fields}
    fresh = [one for one in ignored if any((field, one.reason) not in known for field in one.fields)]
    for one in fresh:
        report.warn(f"ignored on this machine: {ignored_line(one)}")
    if before and len(fresh) < len(ignored):
        report.step(
            f"{environment}: ignored on this machine as before, for {len(ignored) - len(fresh)} reasons: "
            f"{named.command('deploy', environment, '--dry-run')} lists them"
        )


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
