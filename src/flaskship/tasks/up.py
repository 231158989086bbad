"""Up: an environment on this machine, built where needed, healthy at the end, left alone where unchanged."""

import asyncio
from pathlib import Path

from flaskship.engines.base import Engine, Starts
from flaskship.engines.local.paths import LocalPaths
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.project import Environment, Project
from flaskship.model.release import Release
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.carry_out import Stage
from flaskship.tasks.deploy import deploy_locked
from flaskship.tasks.follow import following
from flaskship.tasks.locking import DEFAULT_WAIT, owned_by, writing_to
from flaskship.tasks.prepare import Wish, build_all, compose, draft, next_draft
from flaskship.tasks.result import Moved
from flaskship.tasks.targets import runs
from flaskship.tasks.world import Report, World

START_LINES = 100
"""Of each replica: what it wrote while nobody was attached yet."""


@dataclass(frozen=True, slots=True)
class Up:
    """What up came to: the move, or None where all ran already; started tells whether this up started it."""

    moved: Moved | None
    snapshot: Snapshot
    started: bool
    secrets: Path | None = None
    """Where the passwords and keys stand that were made up for this machine."""


async def up(
    world: World,
    project: Project,
    environment: Environment,
    engine: Engine,
    wish: Wish,
    report: Report,
    *,
    strict: bool = False,
) -> Up:
    """Build what is needed, run the environment here and wait until it is healthy."""
    before = await engine.observe(environment.name)
    if isinstance(engine, Starts) and not runs(before):
        # What is rendered next takes as long as its start.
        engine.begin()
    plan = await next_draft(world, project, environment, engine, wish)
    images = await build_all(world, plan, report)
    running = await unchanged(world, project, environment, engine, wish, before, images)
    if running is not None:
        report.step(f"{environment.name} runs already and nothing has changed")
        refuse_findings(before, strict)
        return Up(None, before, started=False, secrets=made_up_secrets(project, environment))
    release = compose(world, plan, images, wish)
    owner = owned_by(release.provenance.actor, "up", release.provenance.reason)
    async with writing_to(engine, environment.name, owner, wish.lock_timeout, report) as lock:
        stage = Stage(world, engine, lock, report, wish)
        moved = await deploy_locked(stage, plan, images)
        after = await engine.observe(environment.name)
        if strict and after.notes and not runs(before):
            await engine.delete(environment.name, lock)
        refuse_findings(after, strict)
    return Up(moved, after, started=not runs(before), secrets=made_up_secrets(project, environment))


def made_up_secrets(project: Project, environment: Environment) -> Path | None:
    """Return the file of the Secrets that this machine keeps for an environment, if there is one."""
    file = LocalPaths(project.root).secrets(environment.name)
    return file.relative_to(project.root) if file.exists() else None


async def unchanged(
    world: World,
    project: Project,
    environment: Environment,
    engine: Engine,
    wish: Wish,
    now: Snapshot,
    images: dict[str, str],
) -> Release | None:
    """Return the release that runs, healthily, where the files still say the same; else None."""
    if not runs(now) or now.release is None or not all(workload.complete for workload in now.workloads):
        return None
    verdict = world.judge(now, world.now())
    if verdict is None or verdict.outcome is not Outcome.SUCCESSFUL:
        return None
    revision = now.release.revision
    old = await engine.recall(environment.name, revision)
    again = draft(world, project, environment, wish, revision, is_upgrade=revision > 1)
    same = old.documents == again.rendered.documents and dict(old.images) == images
    return old if same else None


def refuse_findings(snapshot: Snapshot, strict: bool) -> None:
    """Raise, under --strict, for what the engine could not honour."""
    if strict and snapshot.notes:
        listed = "".join(f"\n  - {note}" for note in snapshot.notes)
        raise ConfigurationError(
            f"--strict: {snapshot.environment} has fields that this machine does not honour exactly:{listed}",
            hint="change them, or go without --strict",
        )


async def attend(engine: Engine, environment: str, report: Report, *, started: bool) -> None:
    """Stream the environment's status and logs until it is stopped or the user interrupts.

    Of what this up started its first lines are shown, too, and an interruption stops it; what ran before
    goes on.
    """
    tail = START_LINES if started else 0
    logs = asyncio.ensure_future(_read_logs(engine, environment, report, tail))
    try:
        async with following(engine, environment) as snapshots:
            async for snapshot in snapshots:
                report.saw(snapshot)
                if not runs(snapshot):
                    report.step(f"{environment} was stopped")
                    return
    except asyncio.CancelledError:
        if started:
            report.step(f"stopping {environment}, which this command started")
            interrupted = owned_by("up", "interrupted")
            async with writing_to(engine, environment, interrupted, DEFAULT_WAIT, report) as lock:
                await engine.delete(environment, lock)
        raise
    finally:
        logs.cancel()
        await asyncio.gather(logs, return_exceptions=True)


async def _read_logs(engine: Engine, environment: str, report: Report, tail: int) -> None:
    async for line in engine.logs(environment, None, follow=True, tail=tail):
        report.log(line)
