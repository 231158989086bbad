"""Watching an environment until it can be judged."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from flaskship.engines.base import Engine
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.world import Report, World

TIMED_OUT = "TimedOut"
INTERRUPTED = "Interrupted"


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
) -> tuple[Verdict, Snapshot | None]:
    """Return the verdict on the revision and the snapshot that gave it; TimedOut after timeout seconds."""
    begun = world.now()
    latest = None
    async with following(engine, environment) as snapshots:
        async for snapshot in snapshots:
            latest = snapshot
            report.saw(snapshot)
            if snapshot.release is not None and snapshot.release.revision >= revision and done(snapshot):
                verdict = world.judge(snapshot, world.now())
                if verdict is not None:
                    return verdict, snapshot
            if timeout is not None and world.now() - begun >= timeout:
                return _timed_out(snapshot, timeout, world.causes(snapshot, world.now())), snapshot
    lost = Cause("ObservationLost", "the engine stopped reporting before the release could be judged")
    return Verdict(Outcome.INCONCLUSIVE, (lost,)), latest


def _timed_out(snapshot: Snapshot, timeout: float, others: tuple[Cause, ...]) -> Verdict:
    waiting = tuple(
        f"{workload.name}: {workload.ready} of {workload.desired} ready"
        for workload in snapshot.workloads
        if not workload.complete
    )
    message = f"no verdict within the {timeout:g} s of --timeout"
    return Verdict(Outcome.INCONCLUSIVE, (Cause(TIMED_OUT, message, evidence=waiting), *others))
