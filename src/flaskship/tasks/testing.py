"""Running a release's own tests where what runs is healthy: what they say is part of the verdict."""

from dataclasses import dataclass

from flaskship.engines.base import Engine, HasTests, Lock, Trial
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.world import Report

FAILED = "TestFailed"
NOT_RUN = "TestNotRun"


@dataclass(frozen=True, slots=True)
class Trials:
    """What the tests came to, or in words why none ran; prevented: one was to run and could not."""

    results: tuple[Trial, ...] = ()
    reason: str | None = None
    prevented: bool = False


ASKED_INSTEAD = Trials(reason="this engine runs no tests of a release: it asked each address itself")
NOT_WELL = Trials(reason="the release is not healthy, so that its tests would tell nothing new")


async def run_tests(engine: Engine, environment: str, lock: Lock, report: Report) -> Trials:
    """Run the tests of what runs, telling which and how each ended."""
    if not isinstance(engine, HasTests):
        return ASKED_INSTEAD
    names = await engine.tests(environment)
    if not names:
        return Trials(reason="the release has no tests")
    report.step(f"{environment}: testing: {', '.join(names)}")
    results = await engine.test(environment, lock)
    for one in results:
        if not one.ran:
            why = f"{one.name} could not be run: {one.message}"
            report.warn(f"{environment}: {why}")
            return Trials(reason=why, prevented=True)
        if not one.passed:
            report.warn(f"{environment}: {one.name} failed")
    if all(one.passed for one in results):
        report.step(f"{environment}: {len(results)} of {len(names)} tests passed")
    return Trials(results)


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
