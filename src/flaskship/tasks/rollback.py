"""Rollback: an older revision again, as a new one."""

from flaskship.engines.base import Engine
from flaskship.model.errors import ConfigurationError
from flaskship.model.named import NOTHING, Named
from flaskship.model.release import Provenance, Revision
from flaskship.model.verdict import Outcome
from flaskship.tasks.carry_out import Stage, carry_out, going_back
from flaskship.tasks.locking import owned_by, writing_to
from flaskship.tasks.one_application import with_application_of
from flaskship.tasks.prepare import Wish
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
) -> Moved:
    """Apply what a revision was; without one, the last healthy revision before the newest.

    With an application only its objects go back, and the others stay as the newest revision has them.
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
            old = with_application_of(newest, old, application)
        release = going_back(old, by, target.number, reason, may_undo=True)
        before = await engine.observe(environment)
        moved = await carry_out(Stage(world, engine, lock, report, wish), release, before)
    return moved.asked_to_go_back(target.number)


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
