"""Running a release's own tests where what runs is healthy: what they say is part of the verdict."""

from collections.abc import Callable
from dataclasses import dataclass

from flaskship.engines.base import Engine, HasTests, Lock, PreparesTests, Trial
from flaskship.model.snapshot import ReplicaPhase, Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.world import Report

FAILED = "TestFailed"
NOT_RUN = "TestNotRun"
PLACED = frozenset(
    {ReplicaPhase.INITIALIZING, ReplicaPhase.STARTING, ReplicaPhase.RUNNING, ReplicaPhase.READY}
)


@dataclass(frozen=True, slots=True)
class Trials:
    """What the tests that ran came to, and in words why others did not; prevented: one could not be made."""

    results: tuple[Trial, ...] = ()
    reason: str | None = None
    prevented: bool = False


ASKED_INSTEAD = Trials(reason="this engine runs no tests of a release: it asked each address itself")
NOT_WELL = Trials(reason="the release is not healthy, so that its tests would tell nothing new")


def prepares_tests(engine: Engine, environment: str) -> Callable[[Snapshot], None]:
    """Return what has the engine start its tests once every new replica has its place.

    Then what they take of a node or a quota is nothing that the rollout still needs.
    """

    def at_each(snapshot: Snapshot) -> None:
        if isinstance(engine, PreparesTests) and all(map(_is_placed, snapshot.workloads)):
            engine.prepare_tests(environment)

    return at_each


def _is_placed(workload: WorkloadSnapshot) -> bool:
    current = [one for one in workload.replicas if one.current and one.phase in PLACED]
    return workload.kind == "Job" or workload.complete or 0 < workload.desired <= len(current)


async def run_tests(engine: Engine, environment: str, lock: Lock, report: Report) -> Trials:
    """Run the tests of what runs, telling which and how each ended."""
    if not isinstance(engine, HasTests):
        return ASKED_INSTEAD
    names = await engine.tests(environment)
    if not names:
        return Trials(reason="the release has no tests")
    report.step(f"{environment}: testing: {', '.join(names)}")
    results = await engine.test(
        environment, lock, lambda name: report.step(f"{environment}: waiting for {name}, which runs already")
    )
    ran = tuple(one for one in results if one.ran)
    prevented = [f"{one.name} could not be run: {one.message}" for one in results if not one.ran]
    failed = [f"{one.name} failed" for one in ran if not one.passed]
    known = {one.name for one in results}
    left = [one for one in names if one not in known]
    after = "a test before could not be run" if prevented else "a test before failed"
    behind = [f"{', '.join(left)} did not run: {after}"] if left else []
    for line in (*prevented, *failed, *behind):
        report.warn(f"{environment}: {line}")
    if ran and not failed:
        report.step(f"{environment}: {len(ran)} of {len(names)} tests passed")
    return Trials(ran, "; ".join((*prevented, *behind)) or None, prevented=bool(prevented))


def with_tests(verdict: Verdict, tests: Trials, snapshot: Snapshot) -> Verdict:
    """Return the verdict, failed where a test failed."""
    failed = tuple(
        Cause(FAILED, f"{one.name} failed: {one.message}", _application(one, snapshot), None, one.log)
        for one in tests.results
        if not one.passed
    )
    return Verdict(Outcome.FAILED, verdict.causes + failed) if failed else verdict


def _application(tested: Trial, snapshot: Snapshot) -> str | None:
    """The application whose name a test's begins with, as those of the chart do."""
    named = [one.application for one in snapshot.workloads if tested.name.startswith(f"{one.application}-")]
    return max(named, key=len, default=None)
