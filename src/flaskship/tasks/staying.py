"""Looking again at what was healthy, once all the rest is verified: liveness probes fail only after Ready."""

from dataclasses import replace

from flaskship.engines.base import Engine
from flaskship.model.named import NOTHING, Named
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.follow import follow_to_verdict
from flaskship.tasks.health import NOT_SERVING
from flaskship.tasks.world import Report, World


async def judged_again(
    world: World,
    engine: Engine,
    environment: str,
    revision: int,
    report: Report,
    timeout: float | None,
    healthy: Snapshot,
    verified: Verdict,
    named: Named = NOTHING,
    not_before: float = 0.0,
) -> tuple[Verdict, Snapshot | None]:
    """Return the verdict on what was healthy and then verified, as it is after that.

    A success is waited for while a new replica's liveness probe fails short of its threshold, and until it is
    one again. What fails for its liveness is told before what it made fail.

    not_before: when each liveness probe that is in doubt has been asked, by the world's clock.
    """
    successful = verified.outcome is Outcome.SUCCESSFUL

    def judge(now: Snapshot, at: float) -> Verdict | None:
        if relapsed := world.relapses(healthy, now):
            return Verdict(Outcome.FAILED, relapsed + verified.causes)
        if world.is_failing(now):
            if successful:
                return None
            # It failed whatever the probe comes to: who goes back before the kill loses no requests to it.
            return replace(verified, causes=world.failing(now) + verified.causes)
        again = world.judge(now, at)
        if at < not_before and (again is None or again.outcome is Outcome.SUCCESSFUL):
            return None
        if successful:
            return again
        ended = again.causes if again is not None and again.outcome is Outcome.FAILED else world.crashed(now)
        return replace(verified, causes=ended + _apart_from(verified, ended))

    looking = replace(world, judge=judge)
    return await follow_to_verdict(looking, engine, environment, revision, report, timeout, named=named)


def _apart_from(verified: Verdict, ended: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """What was found wrong, without the addresses that are silent because a process ended."""
    return tuple(one for one in verified.causes if not (ended and one.code == NOT_SERVING))
