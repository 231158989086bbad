"""A deploy looks again after its tests: a liveness probe fails only after Ready, when all looked done."""

from dataclasses import replace

import pytest
from tests.contract.fake import FakeEngine, FakeState
from tests.contract.world import API, Stage, Told

from flaskship.engines.base import Lock, Trial
from flaskship.model.snapshot import Exit, ProbeFailure, Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish


class Sick(FakeEngine):
    """The API's liveness probe fails from its tests on: `fails` times in a row, then it succeeds."""

    def __init__(self, state: FakeState, fails: int, *, passed: bool) -> None:
        super().__init__(state)
        self.fails, self.passed, self.looks, self.tested = fails, passed, 0, False

    async def tests(self, environment: str) -> tuple[str, ...]:
        return (f"{API}-answers",)

    async def test(self, environment: str, lock: Lock, waits: object = None) -> tuple[Trial, ...]:
        self.tested = True
        return (Trial(f"{API}-answers", self.passed, "connection refused"),)

    async def observe(self, environment: str) -> Snapshot:
        now = await super().observe(environment)
        if not self.tested:
            return now
        self.looks += 1
        if self.looks > self.fails:
            return now
        probe = ProbeFailure("liveness", self._clock(), self.looks, 3, "GET /nope", "404 NOT FOUND")
        workloads = tuple(
            replace(one, replicas=tuple(replace(replica, probes=(probe,)) for replica in one.replicas))
            if one.name == API
            else one
            for one in now.workloads
        )
        return replace(now, workloads=workloads)


@pytest.mark.parametrize(
    ("fails", "passed", "codes"),
    [
        (0, True, []),
        (2, True, []),
        (3, True, ["LivenessFailed"]),
        (3, False, ["LivenessFailed", "TestFailed"]),
        (1, False, ["LivenessFailed", "TestFailed"]),
        (0, False, ["TestFailed"]),
    ],
    ids=[
        "well",
        "it passes",
        "it stays",
        "it broke the test",
        "its first failure is enough then",
        "the test fails for itself",
    ],
)
async def test_what_is_healthy_is_judged_again_after_its_tests(
    fails: int, passed: bool, codes: list[str]
) -> None:
    stage = Stage()
    stage.make = lambda state: Sick(state, fails, passed=passed)
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    assert [one.code for one in moved.move.verdict.causes] == codes
    assert moved.move.verdict.outcome is (Outcome.FAILED if codes else Outcome.SUCCESSFUL)


async def test_the_users_timeout_holds_for_the_second_look_too() -> None:
    stage = Stage()
    stage.make = lambda state: Sick(state, 2, passed=True)
    wish = Wish(timeout=1.0)
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), wish, Told())
    assert moved.exit_code == 70


class Late(FakeEngine):
    """The API's liveness probe fails for good, `after` seconds after its tests and not before."""

    def __init__(self, state: FakeState, after: float, *, passed: bool) -> None:
        super().__init__(state)
        self.after, self.passed, self.tested_at = after, passed, float("inf")

    async def tests(self, environment: str) -> tuple[str, ...]:
        return (f"{API}-answers",)

    async def test(self, environment: str, lock: Lock, waits: object = None) -> tuple[Trial, ...]:
        self.tested_at = self._clock()
        return (Trial(f"{API}-answers", self.passed, "connection refused"),)

    async def observe(self, environment: str) -> Snapshot:
        now, since = await super().observe(environment), self._clock() - self.tested_at
        if since < self.after:
            return now
        probe = ProbeFailure("liveness", self._clock(), 3, 3, "GET /nope", "404 NOT FOUND")
        workloads = tuple(
            replace(one, replicas=tuple(replace(replica, probes=(probe,)) for replica in one.replicas))
            for one in now.workloads
            if one.name == API
        )
        return replace(now, workloads=workloads)


@pytest.mark.parametrize(
    ("changed", "passed", "code"),
    [
        (True, True, ["LivenessFailed"]),
        (False, True, []),
        (False, False, ["LivenessFailed", "TestFailed"]),
    ],
    ids=["a new probe is waited for", "one that was well is not", "where a test fails any may be why"],
)
async def test_a_liveness_probe_in_doubt_is_waited_for_until_it_was_asked(
    changed: bool, passed: bool, code: list[str]
) -> None:
    stage = Stage()
    stage.applications[API]["liveness"] = {"httpGet": {"path": "/health", "port": 5000}}
    await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    if changed:
        stage.applications[API]["liveness"] = {"httpGet": {"path": "/nope", "port": 5000}}
    stage.image_id = "sha256:two"
    stage.make = lambda state: Late(state, 5.0, passed=passed)
    wish = Wish(rollback=False)
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), wish, Told())
    assert [one.code for one in moved.move.verdict.causes] == code


class Crashing(FakeEngine):
    """The API's process ends with 4 while its tests run, and is started again."""

    tested = False

    async def tests(self, environment: str) -> tuple[str, ...]:
        return (f"{API}-answers",)

    async def test(self, environment: str, lock: Lock, waits: object = None) -> tuple[Trial, ...]:
        self.tested = True
        return (Trial(f"{API}-answers", False, "connection refused"),)

    async def observe(self, environment: str) -> Snapshot:
        now = await super().observe(environment)
        if not self.tested:
            return now
        ended = Exit(API, self._clock(), code=4, last_lines=("database gone",), after_ready=True)
        workloads = tuple(
            replace(one, replicas=tuple(replace(replica, exits=(ended,)) for replica in one.replicas))
            if one.name == API
            else one
            for one in now.workloads
        )
        return replace(now, workloads=workloads)


async def test_what_ended_while_it_was_tested_is_told_by_its_end_before_the_test() -> None:
    stage = Stage()
    stage.make = Crashing
    wish = Wish(rollback=False)
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), wish, Told())
    first, second = moved.move.verdict.causes
    assert (first.code, first.evidence) == ("ExitNonZero", ("database gone",))
    assert second.code == "TestFailed"
