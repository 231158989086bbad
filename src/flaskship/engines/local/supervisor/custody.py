"""A rollout whose command died is finished, judged and undone here, as the command would have."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from flaskship.engines.local.supervisor.environment import EnvironmentRuntime
from flaskship.model.release import Revision
from flaskship.model.verdict import Outcome, Verdict
from flaskship.verification.judge import judge

if TYPE_CHECKING:
    from flaskship.engines.local.supervisor.supervisor import Supervisor

LOOK_SECONDS = 1.0


async def take_custody(supervisor: "Supervisor", runtime: EnvironmentRuntime) -> None:
    """Record the verdict of the newest revision; a failed one goes back to the last successful one."""
    name, state = runtime.name, supervisor.world.state
    number = runtime.intent.revision
    release = state.release(name, number)
    verdict = await _verdict(supervisor, runtime)
    supervisor.record(name, number, verdict)
    healthy = last_successful(state.revisions(name))
    if verdict.outcome is not Outcome.FAILED or healthy is None:
        return
    if release.provenance.rolled_back_to is not None or not release.provenance.undo:
        return
    earlier = state.release(name, healthy.number)
    provenance = replace(
        earlier.provenance,
        reason=f"revision {number} failed after its command had gone",
        rolled_back_to=healthy.number,
    )
    undone = supervisor.undo(name, replace(earlier, provenance=provenance))
    supervisor.record(name, undone, await _verdict(supervisor, runtime))


def last_successful(revisions: tuple[Revision, ...]) -> Revision | None:
    """Return the newest revision that came to a successful verdict."""
    return next((r for r in reversed(revisions) if r.outcome is Outcome.SUCCESSFUL), None)


async def _verdict(supervisor: "Supervisor", runtime: EnvironmentRuntime) -> Verdict:
    changed = asyncio.Event()
    runtime.subscribers.add(changed)
    try:
        while (verdict := judge(supervisor.observe(runtime.name), supervisor.world.now())) is None:
            changed.clear()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await changed.wait()
            except TimeoutError:
                continue
        return verdict
    finally:
        runtime.subscribers.discard(changed)
