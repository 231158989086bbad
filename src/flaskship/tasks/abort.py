"""Abort: give one application's rollout up and put back what served before, as a new revision."""

from dataclasses import replace

from flaskship.engines.base import Abort, Engine, Resume, TakesWithdrawals, Withdrawal
from flaskship.model.errors import ConfigurationError
from flaskship.model.named import NOTHING, Named
from flaskship.model.release import Provenance, Revision
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.carry_out import Stage, carry_out, going_back
from flaskship.tasks.locking import owned_by, writing_to
from flaskship.tasks.one_application import with_application_of
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.targets import down_command, find_application, runs
from flaskship.tasks.world import Report, World

GRADUAL = "Rollout"
"""Moved by a controller that takes its traffic back at once when it is told to."""


async def abort(
    world: World,
    engine: Engine,
    environment: str,
    application: str,
    by: Provenance,
    wish: Wish,
    report: Report,
) -> Moved:
    """Put back one application as the last successful revision had it; the others stay as they are.

    A deploy that still watches has the lock: it is asked to give up, ends as failed, and leaves us the rest.
    """
    asked = await _ask_to_give_up(engine, environment, application, by, report, wish.named)
    owner = owned_by(by.actor, "abort", by.reason)
    async with writing_to(engine, environment, owner, wish.lock_timeout, report) as lock:
        before = await engine.observe(environment)
        history = await engine.history(environment)
        healthy = rolled_out_before(
            environment, application, before, history, given_up=asked, named=wish.named
        )
        for workload in before.workloads:
            # (This machine moves it as a rolling update, which the revision below takes back.)
            by_controller = workload.kind == GRADUAL and not engine.local_images
            if workload.application == application and by_controller:
                report.step(f"{environment}: aborting {workload.name}")
                await engine.steer(environment, workload.name, Abort(), lock)
            if workload.application == application and workload.paused:
                # A pause would hold the way back too.
                await engine.steer(environment, workload.name, Resume(), lock)
        newest = await engine.recall(environment, history[-1].number)
        old = await engine.recall(environment, healthy.number)
        report.step(f"{environment}: {application} goes back to revision {healthy.number}")
        mixed = with_application_of(newest, old, application, wish.named)
        reason = by.reason or f"aborted {application} of revision {history[-1].number}"
        release = going_back(mixed, by, healthy.number, reason)
        # What is aborted held its pause for a rollout that is no more.
        moved = await carry_out(
            Stage(world, engine, lock, report, replace(wish, rollback=False), may_be_withdrawn=False),
            release,
            before,
        )
    return moved.asked_to_go_back(healthy.number)


async def _ask_to_give_up(
    engine: Engine, environment: str, application: str, by: Provenance, report: Report, named: Named
) -> bool:
    """Ask the command that watches the rollout, if one does; where nothing is rolled out nobody is asked."""
    if not isinstance(engine, TakesWithdrawals):
        return False
    now, history = await engine.observe(environment), await engine.history(environment)
    if not history or history[-1].outcome is not None:
        return False  # it was judged: nobody watches it any more
    rolled_out_before(environment, application, now, history, named=named)
    asked = await engine.withdraw(environment, Withdrawal(by.actor, by.reason, application))
    if asked:
        report.step(
            f"{environment}: asking the command that rolls revision {history[-1].number} out to give up"
        )
    return asked


def rolled_out_before(
    environment: str,
    application: str,
    now: Snapshot,
    history: tuple[Revision, ...],
    *,
    given_up: bool = False,
    named: Named = NOTHING,
) -> Revision:
    """Return the revision to put the application back to, or say why there is nothing to abort.

    given_up: its deploy ended because we asked, so that it is ours to put back, complete by now or not.
    """
    if not runs(now) or not history:
        raise ConfigurationError(
            f"{environment} does not run: there is nothing to abort",
            hint=f"deploy it first: {named.command('deploy', environment)}",
        )
    find_application(environment, application, (one.application for one in now.workloads))
    newest = history[-1]
    complete = all(one.complete for one in now.workloads if one.application == application)
    if newest.outcome is Outcome.SUCCESSFUL or (complete and not given_up):
        raise ConfigurationError(
            f"nothing of {application} is being rolled out in {environment}",
            hint="to leave a revision that succeeded: "
            f"{named.command('rollback', environment, '--app', application)}",
        )
    for one in reversed(history[:-1]):
        if one.outcome is Outcome.SUCCESSFUL:
            return one
    raise ConfigurationError(
        f"{environment} has no successful revision before revision {newest.number} to put back",
        hint=f"{down_command(environment, now.engine, named)} stops it",
    )
