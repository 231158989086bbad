"""Watching an environment until it can be judged."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from flaskship.engines.base import Engine, Lock, TakesWithdrawals, Withdrawal
from flaskship.model.named import NOTHING, Named
from flaskship.model.snapshot import Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.pausing import paused_lines
from flaskship.tasks.world import Report, World

TIMED_OUT = "TimedOut"
INTERRUPTED = "Interrupted"
WITHDRAWN = "Withdrawn"
SUPERSEDED = "Superseded"


@asynccontextmanager
async def following(engine: Engine, environment: str) -> AsyncIterator[AsyncIterator[Snapshot]]:
    """Follow the environment and let go of the engine's stream at the end."""
    snapshots = engine.follow(environment)
    try:
        yield snapshots
    finally:
        close = getattr(snapshots, "aclose", None)
        if close is not None:
            await close()


async def follow_to_verdict(
    world: World,
    engine: Engine,
    environment: str,
    revision: int,
    report: Report,
    timeout: float | None = None,
    done: Callable[[Snapshot], bool] = lambda _: True,
    at_each: Callable[[Snapshot], None] = lambda _: None,
    named: Named = NOTHING,
    as_asked: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot,
) -> tuple[Verdict, Snapshot | None]:
    """Return the verdict on the revision and the snapshot that gave it; TimedOut after timeout seconds.

    at_each hears of every snapshot in which the revision is the newest, before it is judged. as_asked: what
    of such a snapshot is judged. done: whether what was asked for shows: nothing is a success before.
    What runs as a newer revision says nothing of this one: it is Superseded, and never successful.
    """
    begun = world.now()
    latest, told = None, frozenset[str]()
    async with following(engine, environment) as snapshots:
        async for snapshot in snapshots:
            latest = snapshot
            report.saw(snapshot)
            current = snapshot.release.revision if snapshot.release is not None else 0
            if current > revision:
                return superseded(revision, current), snapshot
            if current == revision:
                at_each(snapshot)
                verdict, shown = world.judge(as_asked(snapshot), world.now()), done(snapshot)
                if verdict is not None and (shown or verdict.outcome is Outcome.FAILED):
                    return verdict, snapshot
                if shown:
                    told = _tell_paused(named, snapshot, report, told)
            if timeout is not None and world.now() - begun >= timeout:
                held = tuple(paused_lines(named, snapshot).values())
                return _timed_out(snapshot, timeout, held, world.causes(snapshot, world.now())), snapshot
    lost = Cause("ObservationLost", "the engine stopped reporting before the release could be judged")
    return Verdict(Outcome.INCONCLUSIVE, (lost,)), latest


def _tell_paused(named: Named, snapshot: Snapshot, report: Report, told: frozenset[str]) -> frozenset[str]:
    """Tell of each pause once, and again where it comes back: no deadline ends what it holds."""
    lines = paused_lines(named, snapshot)
    for application in sorted(lines.keys() - told):
        report.warn(f"{snapshot.environment}: {lines[application]}")
    return frozenset(lines)


def superseded(revision: int, newest: int) -> Verdict:
    """Return the verdict on a revision that somebody else's took the place of."""
    message = f"revision {newest} took the place of revision {revision} before it could be judged"
    return Verdict(Outcome.INCONCLUSIVE, (Cause(SUPERSEDED, message),))


Followed = tuple[Verdict, Snapshot | None]


async def unless_withdrawn(engine: Engine, lock: Lock, following: Coroutine[Any, Any, Followed]) -> Followed:
    """Return what following comes to, or at once a failure where another command wants it given up."""
    if not isinstance(engine, TakesWithdrawals):
        return await following
    watching = asyncio.ensure_future(following)
    asked = asyncio.ensure_future(engine.withdrawn(lock))
    try:
        await asyncio.wait((watching, asked), return_when=asyncio.FIRST_COMPLETED)
        return watching.result() if watching.done() else (_given_up(asked.result()), None)
    finally:
        for one in (watching, asked):
            one.cancel()
        await asyncio.gather(watching, asked, return_exceptions=True)


def _given_up(wanted: Withdrawal) -> Verdict:
    why = f": {wanted.reason}" if wanted.reason else ""
    message = f"{wanted.actor} aborted the rollout of {wanted.application}{why}"
    return Verdict(Outcome.FAILED, (Cause(WITHDRAWN, message, wanted.application),))


def _timed_out(
    snapshot: Snapshot, timeout: float, held: tuple[str, ...], others: tuple[Cause, ...]
) -> Verdict:
    waiting = tuple(map(_waited_for, (one for one in snapshot.workloads if not one.complete)))
    why = f": {'; '.join(held)}" if held else ""
    message = f"no verdict within the {timeout:g} s of --timeout{why}"
    return Verdict(Outcome.INCONCLUSIVE, (Cause(TIMED_OUT, message, evidence=waiting), *others))


def _waited_for(workload: WorkloadSnapshot) -> str:
    """Tell how far a workload has come: what an earlier template still serves is no part of it."""
    if workload.kind == "Job":
        return f"{workload.name}: {workload.ready} of {workload.desired} done"
    ready = sum(one.ready for one in workload.replicas if one.current)
    return f"{workload.name}: {ready} of {workload.desired} new replicas ready"
