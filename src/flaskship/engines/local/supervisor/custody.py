"""A rollout whose command died is finished, judged and undone here, as the command would have."""

import asyncio
from dataclasses import replace
from typing import Protocol

from flaskship.engines.local.state import State
from flaskship.engines.local.supervisor.environment import EnvironmentRuntime
from flaskship.engines.local.supervisor.world import World
from flaskship.model.release import Provenance, Release, Revision
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome, Verdict
from flaskship.verification.judge import judge
from flaskship.verification.unproven import Doubt

LOOK_SECONDS = 1.0


class Custodian(Protocol):
    """Who holds the environments, as a custody needs it."""

    world: World

    def observe(self, environment: str) -> Snapshot:
        """Return the environment at this instant."""

    def record(self, environment: str, revision: int, verdict: Verdict) -> None:
        """Record a verdict that no command came to."""

    def undo(self, environment: str, release: Release) -> int:
        """Apply an earlier release again and return its new revision."""


async def take_custody(custodian: Custodian, runtime: EnvironmentRuntime) -> None:
    """Record the verdict of the newest revision; a failed one goes back to the last successful one."""
    name, state = runtime.name, custodian.world.state
    number = runtime.intent.revision
    release = state.release(name, number)
    outcome = outcome_of(state.revisions(name), number)
    if outcome is None:
        verdict = await _verdict(custodian, runtime, release)
        custodian.record(name, number, verdict)
        outcome = verdict.outcome
    healthy = last_successful(state.revisions(name))
    if outcome is not Outcome.FAILED or healthy is None or not _may_be_undone(release.provenance):
        return
    earlier = state.release(name, healthy.number)
    provenance = replace(
        earlier.provenance,
        reason=f"revision {number} failed after its command had gone",
        rolled_back_to=healthy.number,
    )
    undone = custodian.undo(name, replace(earlier, provenance=provenance))
    custodian.record(name, undone, await _verdict(custodian, runtime, earlier))


def is_unfinished(state: State, environment: str, number: int) -> bool:
    """Tell whether a revision has no verdict, or one whose undo was never begun."""
    revisions = state.revisions(environment)
    outcome = outcome_of(revisions, number)
    if outcome is not Outcome.FAILED:
        return outcome is None
    provenance = next(r.provenance for r in revisions if r.number == number)
    return _may_be_undone(provenance) and last_successful(revisions) is not None


def outcome_of(revisions: tuple[Revision, ...], number: int) -> Outcome | None:
    """Return what a revision came to; None while it has no verdict."""
    return next((r.outcome for r in revisions if r.number == number), None)


def _may_be_undone(provenance: Provenance) -> bool:
    return provenance.undo and provenance.rolled_back_to is None


def last_successful(revisions: tuple[Revision, ...]) -> Revision | None:
    """Return the newest revision that came to a successful verdict."""
    return next((r for r in reversed(revisions) if r.outcome is Outcome.SUCCESSFUL), None)


async def _verdict(custodian: Custodian, runtime: EnvironmentRuntime, release: Release) -> Verdict:
    changed, doubt = asyncio.Event(), Doubt(release.documents)

    def look() -> Verdict | None:
        now = custodian.world.now()
        return judge(doubt.of(custodian.observe(runtime.name), now), now)

    runtime.subscribers.add(changed)
    try:
        while (verdict := look()) is None:
            changed.clear()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await changed.wait()
            except TimeoutError:
                continue
        return verdict
    finally:
        runtime.subscribers.discard(changed)
