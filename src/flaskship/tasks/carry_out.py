"""Moving an environment to a release: apply, follow, judge, record, and go back where it failed."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from flaskship.engines.base import Engine, HasRemarks, Lock
from flaskship.model.errors import DeployError, PausedError
from flaskship.model.frozen import dataclass
from flaskship.model.release import Provenance, Release, Revision
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Cause, Outcome, Receipt, Verdict
from flaskship.tasks.follow import (
    INTERRUPTED,
    SUPERSEDED,
    WITHDRAWN,
    Followed,
    follow_to_verdict,
    superseded,
    unless_withdrawn,
)
from flaskship.tasks.health import ask_until_served, with_answers
from flaskship.tasks.locking import while_ours
from flaskship.tasks.prepare import Wish
from flaskship.tasks.reach import reachable
from flaskship.tasks.result import Move, Moved, how_it_ended, was_interrupted
from flaskship.tasks.staying import judged_again
from flaskship.tasks.targets import down_command, runs
from flaskship.tasks.testing import NOT_WELL, Trials, prepares_tests, run_tests, with_tests
from flaskship.tasks.traffic import Traffic, traffic_through
from flaskship.tasks.world import Report, World
from flaskship.verification.liveness_due import seconds_until_asked
from flaskship.verification.unproven import Doubt

Explain = Callable[[Verdict], Verdict]
"""Adds to each cause the values line that set what failed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a move happens, and who hears of it."""

    world: World
    engine: Engine
    lock: Lock
    report: Report
    wish: Wish
    explain: Explain = lambda verdict: verdict
    liveness_seconds: float = 0.0
    """How long after Ready each liveness probe that is new has been asked."""
    may_be_withdrawn: bool = True
    """Whether another command may have it given up; an undo is carried to its end."""


async def carry_out(
    stage: Stage, release: Release, before: Snapshot, history: tuple[Revision, ...] | None = None
) -> Moved:
    """Move to the release; a failure goes back to the last healthy revision unless the wish forbids it.

    history: as it is under this lock, where that is known.
    """
    if history is None:
        history = await stage.engine.history(release.environment)
    healthy = last_healthy(history) if runs(before) else None
    previous = history[-1].number if history else None
    move = await _move(stage, release, before, previous or 0)
    moved = Moved(
        release.environment, stage.engine.name, release.name, previous, move, removed=stage.lock.removed
    )
    if moved.successful:
        return moved
    if was_interrupted(move.verdict) and stage.wish.rollback and not runs(before):
        return await _stop(stage, moved)
    return await _undo(stage, release.provenance, moved, healthy)


async def _move(stage: Stage, release: Release, before: Snapshot, last: int) -> Move:
    """Apply what comes after the last revision, and judge it; interrupted after that, it is inconclusive."""
    unchecked: list[str] = []
    driven: list[Traffic] = []
    try:
        return await _judged(stage, release, before, unchecked, driven)
    except asyncio.CancelledError:
        newest = (await stage.engine.history(release.environment))[-1:]
        if not newest or newest[0].number <= last:
            raise  # nothing was applied
        go_on_after_cancellation()
        revision = newest[0].number
        cause = Cause(INTERRUPTED, "interrupted before it could be judged")
        verdict = Verdict(Outcome.INCONCLUSIVE, (cause,))
        receipt = next((one.receipt for one in driven), None)
        await stage.engine.conclude(release.environment, revision, verdict, receipt, stage.lock)
        reason = None if receipt else "it was interrupted"
        return Move(revision, verdict, receipt, reason, unchecked=tuple(unchecked))


async def _judged(
    stage: Stage, release: Release, before: Snapshot, unchecked: list[str], driven: list[Traffic]
) -> Move:
    documents = release.documents
    # Before anything moves: a request that the first moment loses is lost to the users, too.
    async with (
        reachable(stage.engine, before) as known,
        traffic_through(stage.world, known, documents) as traffic,
    ):
        driven.append(traffic)
        revision = await stage.engine.apply(release, stage.lock)
        if isinstance(stage.engine, HasRemarks):
            unchecked += stage.engine.remarks()
            for one in unchecked:
                stage.report.warn(f"not checked: {one}")
        stage.report.step(f"{release.name} revision {revision}: applied")
        verdict, snapshot, tests = await while_ours(
            stage.engine, stage.lock, _watched(stage, release, revision)
        )
    if traffic.receipt is None and stage.wish.max_failed is not None:
        stage.report.warn(f"--max-failed judged nothing: no traffic was driven ({traffic.reason})")
    verdict = stage.explain(judge_receipt(verdict, traffic.receipt, stage.wish.max_failed))
    # What was asked last may have been answered by a revision that came since.
    newest = (await stage.engine.history(release.environment))[-1].number
    if newest > revision and not _given_up(verdict):
        verdict = superseded(revision, newest)
    await stage.engine.conclude(release.environment, revision, verdict, traffic.receipt, stage.lock)
    return Move(revision, verdict, traffic.receipt, traffic.reason, snapshot, tests, tuple(unchecked))


async def _watched(stage: Stage, release: Release, revision: int) -> tuple[Verdict, Snapshot | None, Trials]:
    begun, doubt = stage.world.now(), Doubt(release.documents)
    world = replace(stage.world, judge=lambda seen, now: stage.world.judge(doubt.of(seen, now), now))
    following = follow_to_verdict(
        world,
        stage.engine,
        release.environment,
        revision,
        stage.report,
        stage.wish.timeout,
        at_each=prepares_tests(stage.engine, release.environment),
        named=stage.wish.named,
    )
    verdict, snapshot = await _withdrawable(stage, following)
    healthy_at, tests = stage.world.now(), NOT_WELL
    if verdict.outcome is Outcome.SUCCESSFUL and snapshot is not None:
        async with reachable(stage.engine, snapshot) as now:
            answers = await ask_until_served(stage.world, now, release.documents)
            verdict = with_answers(verdict, answers)
        if verdict.outcome is Outcome.SUCCESSFUL:
            tests = await run_tests(stage.engine, release.environment, stage.lock, stage.report)
            verdict = with_tests(verdict, tests, snapshot)
        # Where a test failed, any of them may be why.
        failed = verdict.outcome is not Outcome.SUCCESSFUL and bool(tests.results)
        doubtful = seconds_until_asked(release.documents, ()) if failed else stage.liveness_seconds
        left = None if stage.wish.timeout is None else stage.wish.timeout - (stage.world.now() - begun)
        again = judged_again(
            world,
            stage.engine,
            release.environment,
            revision,
            stage.report,
            left,
            healthy=snapshot,
            verified=verdict,
            named=stage.wish.named,
            not_before=healthy_at + doubtful,
        )
        verdict, snapshot = await _withdrawable(stage, again)
    return verdict, snapshot, tests


async def _withdrawable(stage: Stage, following: Coroutine[Any, Any, Followed]) -> Followed:
    if stage.may_be_withdrawn:
        following = unless_withdrawn(stage.engine, stage.lock, following)
    return await following


async def _undo(stage: Stage, by: Provenance, moved: Moved, healthy: Revision | None) -> Moved:
    failed = moved.move.revision
    if _given_up(moved.move.verdict):
        return _left(
            stage, moved, f"what to go back to is left to whoever {_ending(moved)} revision {failed}"
        )
    if not stage.wish.rollback:
        left = f"revision {failed} is left as it is (--no-rollback)"
        return _left(stage, moved, f"{left}: {_way_back(stage, moved, healthy)}" if healthy else left)
    if healthy is None:
        return _left(
            stage,
            moved,
            f"nothing ran healthily before revision {failed}, so nothing is undone: "
            f"{_down(stage, moved)} stops it",
        )
    interrupted = was_interrupted(moved.move.verdict)
    if interrupted:
        stage.report.warn(
            f"interrupted: going back to revision {healthy.number}; another interruption leaves it unjudged"
        )
    else:
        stage.report.step(f"going back to revision {healthy.number}")
    reason = f"revision {failed} {how_it_ended(moved.move.verdict)}"
    calm = replace(
        stage,
        wish=Wish(named=stage.wish.named),
        explain=lambda verdict: verdict,
        liveness_seconds=0.0,
        may_be_withdrawn=False,
    )
    try:
        old = await stage.engine.recall(moved.environment, healthy.number)
        release = going_back(old, by, healthy.number, reason)
        back = await _move(calm, release, await stage.engine.observe(moved.environment), failed)
    except PausedError as held:
        again = _way_back(stage, moved, healthy)
        return _left(stage, moved, f"a pause holds what would go back: {held.hint}; then {again}")
    except asyncio.CancelledError:
        go_on_after_cancellation()
        again = _way_back(stage, moved, healthy)
        why = f"interrupted before revision {healthy.number} was put back: {again}"
        return replace(_left(stage, moved, why), interrupted=True)
    except DeployError as error:
        again = _way_back(stage, moved, healthy)
        return _left(
            stage, moved, f"revision {healthy.number} could not be put back ({error.message}): {again}"
        )
    if back.verdict.outcome is Outcome.SUCCESSFUL:
        stage.report.step(f"revision {back.revision} runs what revision {healthy.number} was")
    elif was_interrupted(back.verdict):
        stage.report.warn(
            f"interrupted: revision {healthy.number} is put back, and how it is was not judged: "
            f"{stage.wish.named.command('verify', moved.environment)}"
        )
    else:
        stage.report.warn(f"going back to revision {healthy.number} did not succeed either")
    return replace(moved, undo=back, rolled_back_to=healthy.number)


def _given_up(verdict: Verdict) -> bool:
    """Whether somebody else has the environment now, whose work an undo would undo."""
    return any(cause.code in (WITHDRAWN, SUPERSEDED) for cause in verdict.causes)


def _ending(moved: Moved) -> str:
    return "aborted" if any(one.code == WITHDRAWN for one in moved.move.verdict.causes) else "replaced"


async def _stop(stage: Stage, moved: Moved) -> Moved:
    """End what an interrupted move had begun where nothing ran before."""
    stage.report.warn(f"interrupted: stopping {moved.environment}, which was being started")
    await stage.engine.delete(moved.environment, stage.lock)
    return replace(moved, not_undone=f"nothing ran before, so {moved.environment} was stopped")


def go_on_after_cancellation() -> None:
    """A cancelled task that tidies up and tells its result: what it awaits next is not cancelled with it."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


def going_back(old: Release, by: Provenance, number: int, reason: str, *, may_undo: bool = False) -> Release:
    """Return what a revision applied as a release of somebody who wants it again."""
    provenance = replace(old.provenance, actor=by.actor, reason=reason, rolled_back_to=number, undo=may_undo)
    return replace(old, provenance=provenance)


def last_healthy(history: tuple[Revision, ...]) -> Revision | None:
    """Return the newest revision that was successful."""
    return next((one for one in reversed(history) if one.outcome is Outcome.SUCCESSFUL), None)


def judge_receipt(verdict: Verdict, receipt: Receipt | None, max_failed: int | None) -> Verdict:
    """Return the verdict, failed where more requests were lost than the user allows."""
    if max_failed is None or receipt is None or receipt.failed <= max_failed:
        return verdict
    lost = Cause(
        "RequestsLost", f"{receipt.failed} of {receipt.sent} requests failed, {max_failed} are allowed"
    )
    return Verdict(Outcome.FAILED, (*verdict.causes, lost))


def _way_back(stage: Stage, moved: Moved, healthy: Revision) -> str:
    return stage.wish.named.command("rollback", moved.environment, healthy.number)


def _down(stage: Stage, moved: Moved) -> str:
    return down_command(moved.environment, stage.engine.name, stage.wish.named)


def _left(stage: Stage, moved: Moved, why: str) -> Moved:
    stage.report.warn(why)
    return replace(moved, not_undone=why)
