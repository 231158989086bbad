"""Rollback: an older revision again, as a new one."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from flaskship.engines.base import Engine
from flaskship.model.errors import About, ConfigurationError, FlaskshipError
from flaskship.model.named import NOTHING, Named
from flaskship.model.release import Document, Provenance, Release, Revision
from flaskship.model.verdict import Outcome
from flaskship.tasks.carry_out import Stage, carry_out, going_back
from flaskship.tasks.causes import origins_of
from flaskship.tasks.locking import owned_by, writing_to
from flaskship.tasks.one_application import with_application_of
from flaskship.tasks.prepare import Draft, Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.world import Report, World


async def rollback(
    world: World,
    engine: Engine,
    environment: str,
    revision: int | None,
    by: Provenance,
    wish: Wish,
    report: Report,
    application: str | None = None,
    today: Callable[[], Draft] | None = None,
) -> Moved:
    """Apply what a revision was; without one, the last healthy revision before the newest.

    With an application only its objects go back, and the others stay as the newest revision has them.
    today: what the files say now, for the line of a refusal.
    """
    owner = owned_by(by.actor, "rollback", by.reason)
    async with writing_to(engine, environment, owner, wish.lock_timeout, report) as lock:
        history = await engine.history(environment)
        target = choose(environment, history, revision, wish.named)
        if target.outcome is not Outcome.SUCCESSFUL:
            report.warn(f"revision {target.number} was {target.outcome or 'never judged'} when it ran")
        report.step(f"{environment}: going back to revision {target.number}")
        old = await engine.recall(environment, target.number)
        about = f" of {application}" if application else ""
        reason = by.reason or f"rollback{about} to revision {target.number}"
        if application is not None:
            newest = await engine.recall(environment, history[-1].number)
            old = with_application_of(newest, old, application, wish.named)
        release = going_back(old, by, target.number, reason, may_undo=True)
        before = await engine.observe(environment)
        try:
            moved = await carry_out(Stage(world, engine, lock, report, wish), release, before)
        except FlaskshipError as refused:
            if today is not None:
                _explain(world, today, release, refused)
            raise
    return moved.asked_to_go_back(target.number)


def _explain(world: World, today: Callable[[], Draft], release: Release, refused: FlaskshipError) -> None:
    """Give a refusal the line that asks for it, where the files still say of the object what is put back."""
    asked = [one for one in refused.parts or (refused,) if one.about is not None and one.location is None]
    if not asked:
        return
    # Who goes back may well have files that no longer render.
    with suppress(FlaskshipError):
        plan = today()
        for one in asked:
            assert one.about is not None
            if _spec(plan.rendered.documents, one.about) == _spec(release.documents, one.about):
                origins_of(world, plan).explain_refusal(one)
    if refused.parts and refused.location is None:
        refused.location = next((one.location for one in refused.parts if one.location), None)


def _spec(documents: Iterable[Document], about: About) -> object:
    return next(
        (
            one.get("spec")
            for one in documents
            if (one.get("kind"), (one.get("metadata") or {}).get("name")) == (about.kind, about.name)
        ),
        None,
    )


def choose(
    environment: str, history: tuple[Revision, ...], revision: int | None, named: Named = NOTHING
) -> Revision:
    """Return the revision to go back to, or say which there are."""
    if not history:
        raise ConfigurationError(
            f"{environment} has no revisions yet",
            hint=f"deploy it first: {named.command('deploy', environment)}",
        )
    if revision is None:
        return _before_newest(environment, history)
    for one in history:
        if one.number == revision:
            return one
    numbers = ", ".join(str(one.number) for one in history)
    raise ConfigurationError(f"{environment} has no revision {revision}", hint=f"there are: {numbers}")


def _before_newest(environment: str, history: tuple[Revision, ...]) -> Revision:
    for one in reversed(history[:-1]):
        if one.outcome is Outcome.SUCCESSFUL:
            return one
    numbers = ", ".join(str(one.number) for one in history)
    raise ConfigurationError(
        f"{environment} has no successful revision before revision {history[-1].number}",
        hint=f"name one to go back to; there are: {numbers}",
    )
