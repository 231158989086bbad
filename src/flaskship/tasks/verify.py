"""Verify: is what runs healthy, does every address answer, and do the release's own tests pass?"""

from dataclasses import replace

from flaskship.engines.base import Engine, HasTests
from flaskship.model.errors import ConfigurationError, LockedError
from flaskship.model.frozen import dataclass
from flaskship.model.named import NOTHING, Named
from flaskship.model.release import Document
from flaskship.model.snapshot import ReleaseState, Snapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.causes import WORKLOADS
from flaskship.tasks.health import ask_all, with_answers
from flaskship.tasks.locking import DEFAULT_WAIT, writing_to
from flaskship.tasks.reach import reachable
from flaskship.tasks.result import exit_code
from flaskship.tasks.targets import runs, start_hint
from flaskship.tasks.testing import ASKED_INSTEAD, NOT_RUN, NOT_WELL, Trials, run_tests, with_tests
from flaskship.tasks.world import HealthAnswer, Report, World

NO_RELEASE = Trials(reason="Helm has no release of it whose tests could run")
LEFT_OUT = Trials(reason="nobody asked for them")


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict on what runs now, with what each address answered."""

    snapshot: Snapshot
    verdict: Verdict
    answers: tuple[HealthAnswer, ...]
    tests: Trials = NOT_WELL

    @property
    def exit_code(self) -> int:
        """0 only where everything is known to be well."""
        return exit_code(self.verdict)


@dataclass(frozen=True, slots=True)
class Thorough:
    """Who wants the tests run, who hears of them, and how long they may wait for another writer."""

    owner: str
    report: Report
    lock_timeout: float = DEFAULT_WAIT


async def verify(
    world: World,
    engine: Engine,
    environment: str,
    thorough: Thorough | None = None,
    applied: tuple[Document, ...] = (),
    named: Named = NOTHING,
) -> Verified:
    """Judge the environment as it is at this instant, ask each of its addresses, and where it is well so far,
    run its tests: as the one writer, because Helm writes down how they ended.

    applied: what a writer applies who makes no release of Helm, by the files; no test belongs to that.
    """
    snapshot = await engine.observe(environment)
    if snapshot.release is None and snapshot.workloads and applied:
        return await _verify_applied(world, engine, snapshot, applied)
    if snapshot.release is None or not runs(snapshot):
        raise ConfigurationError(
            f"{environment} does not run on {engine.name}: there is nothing to verify",
            hint=start_hint(engine.name, environment, named),
        )
    release = await engine.recall(environment, snapshot.release.revision)
    async with reachable(engine, snapshot, insist=True) as reached:
        answers = await ask_all(world, reached, release.documents)
    verdict = world.judge(snapshot, world.now()) or _undecided(world, snapshot)
    verdict = with_answers(verdict, answers)
    tests = NOT_WELL
    if thorough is None:
        tests = LEFT_OUT
    elif verdict.outcome is Outcome.SUCCESSFUL:
        tests = await _tested(engine, environment, thorough)
    verdict = with_tests(verdict, tests, snapshot)
    if tests.prevented:
        # A deploy goes on without them, as its replicas and addresses are well. Here they were asked for.
        failed = verdict.outcome is Outcome.FAILED
        outcome = Outcome.FAILED if failed else Outcome.INCONCLUSIVE
        verdict = Verdict(outcome, (*verdict.causes, Cause(NOT_RUN, str(tests.reason))))
    return Verified(snapshot, verdict, answers, tests)


async def _verify_applied(
    world: World, engine: Engine, snapshot: Snapshot, applied: tuple[Document, ...]
) -> Verified:
    async with reachable(engine, snapshot, insist=True) as reached:
        answers = await ask_all(world, reached, applied)
    there = {one.name for one in snapshot.workloads}
    wanted = [
        str(one["metadata"]["name"])
        for one in applied
        if one.get("kind") in WORKLOADS and one["kind"] != "Job"
    ]
    missing = tuple(
        Cause("WorkloadMissing", f"{name} is part of {snapshot.environment}, and the cluster lacks it", name)
        for name in wanted
        if name not in there
    )
    # No revision tells what is newest: what runs is judged as it is.
    seen = replace(snapshot, release=ReleaseState(snapshot.environment, 0))
    verdict = world.judge(seen, world.now()) or _undecided(world, seen)
    if missing:
        verdict = Verdict(Outcome.FAILED, (*verdict.causes, *missing))
    return Verified(snapshot, with_answers(verdict, answers), answers, NO_RELEASE)


async def _tested(engine: Engine, environment: str, thorough: Thorough) -> Trials:
    if not isinstance(engine, HasTests):
        return ASKED_INSTEAD
    owner, wait = f"{thorough.owner}: verify", thorough.lock_timeout
    try:
        async with writing_to(engine, environment, owner, wait, thorough.report) as lock:
            return await run_tests(engine, environment, lock, thorough.report)
    except LockedError as held:
        without = "to verify without the release's own tests, which need the lock: --no-tests"
        raise LockedError(held.message, hint="; ".join(filter(None, (without, held.hint)))) from None


def _undecided(world: World, snapshot: Snapshot) -> Verdict:
    waiting = tuple(
        f"{one.name}: {one.ready} of {one.desired} ready" for one in snapshot.workloads if not one.complete
    )
    cause = Cause("StillMoving", "a rollout is under way and cannot be judged yet", evidence=waiting)
    return Verdict(Outcome.INCONCLUSIVE, (cause, *world.causes(snapshot, world.now())))
