"""Restart, scale, pause and resume: the same release, moved or held without a new revision."""

from flaskship.engines.base import Action, Engine, Pause, Restart, Resume, Scale
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.snapshot import Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.asked import as_asked, reached
from flaskship.tasks.follow import TIMED_OUT, follow_to_verdict, following
from flaskship.tasks.locking import writing_to
from flaskship.tasks.pausing import refuse_paused
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import exit_code
from flaskship.tasks.targets import find_application, runs, start_hint
from flaskship.tasks.world import Report, World


@dataclass(frozen=True, slots=True)
class Steered:
    """What a restart, a scale or a verify came to."""

    snapshot: Snapshot
    verdict: Verdict

    @property
    def exit_code(self) -> int:
        """0 where the environment is healthy as asked, else 1 or 70."""
        return exit_code(self.verdict)


async def restart(
    world: World,
    engine: Engine,
    environment: str,
    application: str | None,
    owner: str,
    wish: Wish,
    report: Report,
) -> Steered:
    """Replace every replica of one application or of all, without a gap in service."""
    return await _steer(world, engine, environment, application, Restart(), owner, wish, report)


async def scale(
    world: World,
    engine: Engine,
    environment: str,
    application: str,
    replicas: int,
    owner: str,
    wish: Wish,
    report: Report,
) -> Steered:
    """Move one application to this many replicas until the next deploy."""
    return await _steer(world, engine, environment, application, Scale(replicas), owner, wish, report)


async def pause(
    world: World, engine: Engine, environment: str, application: str, wish: Wish, report: Report
) -> Steered:
    """Hold an application's rollout where it is, also one that another command is watching.

    The verdict is on the pause alone: successful once the engine shows it.
    """
    before = await _running(engine, environment, application, wish)
    await _tell(engine, environment, before, application, Pause(), report)
    begun = world.now()
    async with following(engine, environment) as snapshots:
        async for snapshot in snapshots:
            report.saw(snapshot)
            if all(one.paused for one in _rolling(snapshot, application)):
                return Steered(snapshot, Verdict(Outcome.SUCCESSFUL))
            if wish.timeout is not None and world.now() - begun >= wish.timeout:
                late = Cause(TIMED_OUT, f"not paused within the {wish.timeout:g} s of --timeout", application)
                return Steered(snapshot, Verdict(Outcome.INCONCLUSIVE, (late,)))
    lost = Cause("ObservationLost", "the engine stopped reporting before the pause showed")
    return Steered(before, Verdict(Outcome.INCONCLUSIVE, (lost,)))


async def resume(
    world: World, engine: Engine, environment: str, application: str, wish: Wish, report: Report
) -> Steered:
    """Go on with a paused rollout and follow it to its verdict."""
    before = await _running(engine, environment, application, wish)
    await _tell(engine, environment, before, application, Resume(), report)
    return await _followed(world, engine, before, application, Resume(), wish, report)


async def _running(engine: Engine, environment: str, application: str, wish: Wish) -> Snapshot:
    now = await engine.observe(environment)
    if now.release is None or not runs(now):
        raise ConfigurationError(
            f"{environment} does not run on {engine.name}",
            hint=start_hint(engine.name, environment, wish.named),
        )
    find_application(environment, application, (one.application for one in now.workloads))
    return now


async def _tell(
    engine: Engine, environment: str, now: Snapshot, application: str, action: Action, report: Report
) -> None:
    for workload in _rolling(now, application):
        report.step(f"{environment}: {describe(action)} {workload.name}")
        await engine.steer(environment, workload.name, action, None)


def _rolling(now: Snapshot, application: str) -> tuple[WorkloadSnapshot, ...]:
    """The application's workloads that roll out; a Job does not."""
    return tuple(one for one in now.workloads if one.application == application and one.kind != "Job")


async def _steer(
    world: World,
    engine: Engine,
    environment: str,
    application: str | None,
    action: Action,
    owner: str,
    wish: Wish,
    report: Report,
) -> Steered:
    async with writing_to(engine, environment, owner, wish.lock_timeout, report) as lock:
        before = await engine.observe(environment)
        if before.release is None or not runs(before):
            raise ConfigurationError(
                f"{environment} does not run on {engine.name}",
                hint=start_hint(engine.name, environment, wish.named),
            )
        if application is not None:
            find_application(environment, application, (one.application for one in before.workloads))
        if isinstance(action, Restart):
            refuse_paused(wish.named, before, application)
        for workload in before.workloads:
            if application in (None, workload.application):
                report.step(f"{environment}: {describe(action)} {workload.name}")
                await engine.steer(environment, workload.name, action, lock)
        return await _followed(world, engine, before, application, action, wish, report)


async def _followed(
    world: World,
    engine: Engine,
    before: Snapshot,
    application: str | None,
    action: Action,
    wish: Wish,
    report: Report,
) -> Steered:
    assert before.release is not None
    verdict, after = await follow_to_verdict(
        world,
        engine,
        before.environment,
        before.release.revision,
        report,
        wish.timeout,
        lambda now: reached(action, before, now, application),
        named=wish.named,
        as_asked=lambda now: as_asked(action, before, now, application),
    )
    return Steered(after or before, verdict)


def describe(action: Action) -> str:
    """Return what an action does, as a user would say it."""
    if isinstance(action, Scale):
        return f"scaling to {action.replicas}:"
    return {Restart: "restarting", Pause: "pausing", Resume: "resuming"}.get(
        type(action), type(action).__name__.lower()
    )
