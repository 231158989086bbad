"""Restart and scale: the same release, moved without a new revision."""

from dataclasses import dataclass

from flaskship.engines.base import Action, Engine, Restart, Scale
from flaskship.model.errors import ConfigurationError
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Verdict
from flaskship.tasks.follow import follow_to_verdict
from flaskship.tasks.locking import writing_to
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import exit_code
from flaskship.tasks.targets import find_application, runs
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


def reached(action: Action, before: Snapshot, now: Snapshot, application: str | None) -> bool:
    """Tell whether the engine shows the action's end: no old replica is left, or the number is as asked."""
    targets = [one for one in now.workloads if application in (None, one.application)]
    if isinstance(action, Scale):
        return all(one.desired == action.replicas for one in targets)
    old = {replica.uid for one in before.workloads for replica in one.replicas}
    return not any(replica.uid in old for one in targets for replica in one.replicas)


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
                f"{environment} does not run on {engine.name}", hint=f"start it: flaskship up {environment}"
            )
        if application is not None:
            find_application(environment, application, (one.application for one in before.workloads))
        for workload in before.workloads:
            if application in (None, workload.application):
                report.step(f"{environment}: {describe(action)} {workload.name}")
                await engine.steer(environment, workload.name, action, lock)
        verdict, after = await follow_to_verdict(
            world,
            engine,
            environment,
            before.release.revision,
            report,
            wish.timeout,
            lambda now: reached(action, before, now, application),
        )
    return Steered(after or before, verdict)


def describe(action: Action) -> str:
    """Return what an action does, as a user would say it."""
    if isinstance(action, Scale):
        return f"scaling to {action.replicas}:"
    return {"Restart": "restarting"}.get(type(action).__name__, type(action).__name__.lower())
