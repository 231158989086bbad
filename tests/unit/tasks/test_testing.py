"""A release's own tests: part of a deploy's verdict and of verify, on engines that have them."""

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.world import API, Stage, Told

from flaskship.cli.documents import moved_document
from flaskship.engines.base import Lock, Trial
from flaskship.model.errors import LockedError
from flaskship.model.snapshot import Phase, ReplicaPhase, ReplicaSnapshot, Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.testing import prepares_tests
from flaskship.tasks.up import up
from flaskship.tasks.verify import Thorough, verify

PASSED = Trial(f"{API}-test", True, "passed")
FAILED = Trial(f"{API}-test", False, "exited with 1", ("404 not found",))


class WithTrials(FakeEngine):
    """An engine whose releases bring tests along; what they come to is up to the test."""

    outcomes: list[tuple[Trial, ...]]

    async def tests(self, environment: str) -> tuple[str, ...]:
        return tuple(one.name for one in self.outcomes[0]) if self.outcomes else ()

    async def test(self, environment: str, lock: Lock, waits: object = None) -> tuple[Trial, ...]:
        assert lock.environment == environment
        return self.outcomes.pop(0)


def stage_of(*outcomes: Trial | tuple[Trial, ...]) -> Stage:
    stage, left = Stage(), [one if isinstance(one, tuple) else (one,) for one in outcomes]

    class Here(WithTrials):
        outcomes = left

    stage.make = Here
    return stage


async def deployed(stage: Stage, told: Told | None = None) -> object:
    return await deploy(
        stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), told or Told()
    )


async def test_a_deploy_whose_tests_pass_says_so() -> None:
    stage, told = stage_of(PASSED), Told()
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), told)
    assert (moved.exit_code, moved.move.tests.results, moved.move.tests.reason) == (0, (PASSED,), None)
    assert f"dev: testing: {API}-test" in told.steps
    assert "dev: 1 of 1 tests passed" in told.steps


async def test_a_failed_test_fails_the_deploy_and_undoes_it() -> None:
    stage = stage_of(PASSED, FAILED, PASSED)
    await deployed(stage)
    stage.image_id = "sha256:two"
    told = Told()
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), told)
    [cause] = moved.move.verdict.causes
    assert (cause.code, cause.application, cause.evidence) == ("TestFailed", API, FAILED.log)
    assert (moved.exit_code, moved.rolled_back_to) == (1, 1)
    assert moved.undo is not None
    assert moved.undo.tests.results == (PASSED,)
    assert f"dev: {API}-test failed" in told.warnings


async def test_what_is_not_healthy_is_not_tested() -> None:
    stage = stage_of(PASSED)
    stage.applications[API]["command"] = ["/bin/false"]
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    assert moved.exit_code == 1
    assert moved.move.tests.results == ()
    assert "not healthy" in str(moved.move.tests.reason)


async def test_an_engine_without_tests_and_a_release_without_any_say_so() -> None:
    plain = Stage()
    moved = await deploy(plain.world(), plain.project, plain.environment(), plain.engine(), Wish(), Told())
    assert "asked each address" in str(moved.move.tests.reason)
    none = stage_of()
    moved = await deploy(none.world(), none.project, none.environment(), none.engine(), Wish(), Told())
    assert (moved.exit_code, moved.move.tests.reason) == (0, "the release has no tests")


def workload(*phases: ReplicaPhase, desired: int = 2, complete: bool = False) -> WorkloadSnapshot:
    replicas = tuple(
        ReplicaSnapshot(f"r{n}", f"u{n}", "t", True, phase, False) for n, phase in enumerate(phases)
    )
    old = ReplicaSnapshot("old", "old", "before", False, ReplicaPhase.READY, True)
    return WorkloadSnapshot(
        API, API, "Deployment", Phase.PROGRESSING, "i", desired, 0, 0, 0, "t", complete=complete,
        replicas=(*replicas, old),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("workloads", "asked"),
    [
        ([workload(ReplicaPhase.INITIALIZING, ReplicaPhase.READY)], True),
        ([workload(ReplicaPhase.READY)], False),
        ([workload(ReplicaPhase.READY, ReplicaPhase.PENDING)], False),
        ([workload(ReplicaPhase.READY, ReplicaPhase.BACK_OFF)], False),
        ([workload(complete=True, desired=0), workload(ReplicaPhase.STARTING, desired=1)], True),
        ([workload(complete=True), workload()], False),
        ([workload(desired=0)], False),
    ],
)
def test_tests_are_prepared_once_nothing_of_the_rollout_needs_a_place(
    workloads: list[WorkloadSnapshot], asked: bool
) -> None:
    prepared: list[str] = []

    class Prepares(WithTrials):
        def prepare_tests(self, environment: str) -> None:
            prepared.append(environment)

    stage = stage_of()
    stage.make = Prepares
    seen = Snapshot("dev", "fake", "n", 0.0, Phase.PROGRESSING, workloads=tuple(workloads))
    prepares_tests(stage.engine(), "dev")(seen)
    assert prepared == ["dev"] * asked
    prepares_tests(stage_of().engine(), "dev")(seen)  # one that prepares nothing is asked for nothing


@pytest.mark.parametrize(("outcome", "code"), [(PASSED, 0), (FAILED, 1)])
async def test_verify_runs_them_as_the_one_writer(outcome: Trial, code: int) -> None:
    stage = stage_of(PASSED, outcome)
    await up(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    result = await verify(stage.world(), stage.engine(), "dev", Thorough("ada", Told()))
    assert (result.exit_code, result.tests.results) == (code, (outcome,))


async def test_verify_leaves_them_out_where_nobody_asks_and_where_it_is_not_well() -> None:
    stage = stage_of(PASSED)
    await up(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    assert (await verify(stage.world(), stage.engine(), "dev")).tests.reason == "nobody asked for them"
    stage.answers["30080"] = "503 no database"
    result = await verify(stage.world(), stage.engine(), "dev", Thorough("ada", Told()))
    assert result.verdict.outcome is Outcome.FAILED
    assert result.tests.results == ()


async def test_verify_waits_for_another_writer_no_longer_than_asked() -> None:
    stage = stage_of(PASSED, PASSED)
    await up(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    other = stage.engine()
    lock = await other.acquire("dev", "bob: deploy", 0.0)
    with pytest.raises(LockedError, match="bob") as refused:
        await verify(stage.world(), stage.engine(), "dev", Thorough("ada", Told(), 0.0))
    assert refused.value.hint == (
        "to verify without the release's own tests, which need the lock: --no-tests; "
        "wait for it, or raise --lock-timeout"
    )
    await other.release(lock)
    assert (await verify(stage.world(), stage.engine(), "dev", Thorough("ada", Told()))).exit_code == 0


async def test_a_test_that_cannot_be_made_only_warns_a_deploy_and_leaves_verify_inconclusive() -> None:
    prevented = Trial(f"{API}-test", False, "exceeded quota: tight", ran=False)
    stage, told = stage_of(prevented, prevented), Told()
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), told)
    assert moved.exit_code == 0
    assert "could not be run: exceeded quota" in str(moved.move.tests.reason)
    assert any("exceeded quota" in one for one in told.warnings)
    result = await verify(stage.world(), stage.engine(), "dev", Thorough("ada", Told()))
    assert (result.exit_code, result.verdict.outcome) == (1, Outcome.INCONCLUSIVE)
    assert [one.code for one in result.verdict.causes] == ["TestNotRun"]


async def test_a_failed_test_fails_the_deploy_whatever_other_could_not_be_made() -> None:
    prevented = Trial("another-test", False, "exceeded quota: tight", ran=False)
    stage, told = stage_of(PASSED, (prevented, FAILED), PASSED), Told()
    await deployed(stage)
    stage.image_id = "sha256:two"
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), told)
    assert [one.code for one in moved.move.verdict.causes] == ["TestFailed"]
    assert (moved.exit_code, moved.rolled_back_to) == (1, 1)
    assert moved.move.tests.results == (FAILED,)
    assert moved.move.tests.reason == "another-test could not be run: exceeded quota: tight"
    assert [one for one in told.warnings if "-test" in one] == [
        "dev: another-test could not be run: exceeded quota: tight",
        f"dev: {API}-test failed",
    ]


async def test_what_passed_is_kept_beside_what_could_not_be_made() -> None:
    prevented = Trial("another-test", False, "exceeded quota: tight", ran=False)
    stage, told = stage_of((prevented, PASSED), (prevented, FAILED)), Told()
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), told)
    assert (moved.exit_code, moved.move.tests.results) == (0, (PASSED,))
    assert "dev: 1 of 2 tests passed" in told.steps
    said = moved_document(moved)
    assert [one["name"] for one in said["tests"]] == [PASSED.name]
    assert said["tests_reason"] == "another-test could not be run: exceeded quota: tight"
    result = await verify(stage.world(), stage.engine(), "dev", Thorough("ada", Told()))
    assert result.verdict.outcome is Outcome.FAILED, "a failed test is more than one that could not be run"
    assert [one.code for one in result.verdict.causes] == ["TestFailed", "TestNotRun"]


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (Trial("quota", False, "no room", ran=False), "a test before could not be run"),
        (Trial("quota", False, "exited with 1"), "a test before failed"),
    ],
)
async def test_the_weights_behind_one_that_did_not_pass_are_told(first: Trial, why: str) -> None:
    class Behind(WithTrials):
        outcomes = [(first,)]  # noqa: RUF012

        async def tests(self, environment: str) -> tuple[str, ...]:
            return ("quota", "later", "last")

    stage, told = Stage(), Told()
    stage.make = Behind
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), told)
    line = f"later, last did not run: {why}"
    assert f"dev: {line}" in told.warnings
    assert line in moved_document(moved)["tests_reason"]
