"""The story of a deploy, told to the fake engine."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.contract.documents import deployment
from tests.contract.fake import FakeEngine
from tests.contract.world import API, IMAGE, REPOSITORY, Stage, Told
from tests.unit.tasks.deploying import BREAK, SILENT, outcomes, run

from flaskship.cli.documents import moved_document
from flaskship.engines.base import Ignored, Lock
from flaskship.model.errors import ConfigurationError, DeployError, LockedError
from flaskship.model.named import Named
from flaskship.model.project import ImageSource
from flaskship.model.release import Document, Provenance, Release
from flaskship.model.snapshot import Phase
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import Change, changes, deploy, rehearse
from flaskship.tasks.prepare import Wish


async def test_a_first_deploy_is_revision_one_and_healthy() -> None:
    stage = Stage()
    moved = await run(stage)
    assert (moved.move.revision, moved.previous, moved.exit_code) == (1, None, 0)
    assert moved.successful
    assert moved.move.receipt is None
    assert moved.move.receipt_reason == "no application answered HTTP before"
    assert await outcomes(stage) == [Outcome.SUCCESSFUL]


async def test_an_image_is_built_once_however_many_applications_use_it() -> None:
    stage = Stage()
    await run(stage)
    assert stage.built == [REPOSITORY]
    release = await stage.engine().recall("dev", 1)
    assert release.images == {IMAGE: "sha256:one"}


async def test_an_image_that_nobody_makes_is_refused_before_anything_happens() -> None:
    stage = Stage()
    source = ImageSource("my-demo-app", stage.project.root)
    stage.project = type(stage.project)(
        stage.project.root, "my-app", stage.project.chart, (source,), stage.project.environments
    )
    with pytest.raises(ConfigurationError, match=r"my-demo-app:1\.0") as refused:
        await run(stage)
    assert refused.value.hint is not None
    assert "my-demo-app" in refused.value.hint
    assert await outcomes(stage) == []


async def test_traffic_is_driven_through_what_was_healthy_before() -> None:
    stage = Stage()
    await run(stage)
    moved = await run(stage)
    assert stage.driven == ["http://localhost:30080/ready"]
    assert moved.move.receipt is not None
    assert moved.move.receipt.sent == 120
    assert (await stage.engine().history("dev"))[1].receipt == moved.move.receipt


async def test_a_failed_deploy_goes_back_and_says_which_values_line_did_it() -> None:
    stage = Stage()
    await run(stage)
    moved = await run(stage, sets=BREAK)
    assert (moved.move.revision, moved.previous, moved.rolled_back_to) == (2, 1, 1)
    assert moved.exit_code == 1
    cause = moved.move.verdict.causes[0]
    assert (cause.code, cause.application) == ("ExitedNonZero", API)
    assert str(cause.values) == "infra/helmchart/values-dev.yaml:12"
    assert moved.undo is not None
    assert (moved.undo.revision, moved.undo.verdict.outcome) == (3, Outcome.SUCCESSFUL)
    assert await outcomes(stage) == [Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.SUCCESSFUL]
    undo = (await stage.engine().history("dev"))[2].provenance
    assert (undo.actor, undo.rolled_back_to, undo.undo) == ("ada", 1, False)
    assert undo.reason == "revision 2 failed"


async def test_an_undo_goes_to_the_last_healthy_revision_and_past_failed_ones() -> None:
    stage = Stage()
    await run(stage)
    await run(stage, sets=BREAK, rollback=False)
    moved = await run(stage, sets=SILENT)
    assert (moved.move.revision, moved.rolled_back_to) == (3, 1)
    assert moved.move.verdict.causes[0].code == "ProgressDeadlineExceeded"


async def test_a_failure_without_a_healthy_predecessor_is_left_and_said() -> None:
    stage, told = Stage(), Told()
    moved = await run(stage, told, sets=BREAK)
    assert moved.undo is None
    assert moved.rolled_back_to is None
    assert moved.not_undone is not None
    assert "flaskship down dev" in told.warnings[-1]
    assert await outcomes(stage) == [Outcome.FAILED]


async def test_a_stopped_environment_is_no_predecessor() -> None:
    stage = Stage()
    await run(stage)
    engine = stage.engine()
    lock = await engine.acquire("dev", "down", 0)
    await engine.delete("dev", lock)
    await engine.release(lock)
    moved = await run(stage, sets=BREAK)
    assert moved.undo is None
    assert await outcomes(stage) == [Outcome.SUCCESSFUL, Outcome.FAILED]


async def test_no_rollback_leaves_the_failure_for_study() -> None:
    stage = Stage()
    await run(stage)
    moved = await run(stage, sets=BREAK, rollback=False)
    assert moved.undo is None
    snapshot = await stage.engine().observe("dev")
    assert snapshot.phase is Phase.DEGRADED
    assert (await stage.engine().history("dev"))[1].provenance.undo is False


async def test_the_command_that_goes_back_says_again_what_was_named() -> None:
    stage = Stage()
    await run(stage)
    moved = await run(stage, sets=BREAK, rollback=False, named=Named(None, "here"))
    assert str(moved.not_undone).endswith("flaskship rollback dev 1 --context here")


class NotPutBack(FakeEngine):
    """The undo's write fails without a revision."""

    async def apply(self, release: Release, lock: Lock) -> int:
        if release.provenance.rolled_back_to is not None:
            raise DeployError("its writer was killed")
        return await super().apply(release, lock)


async def test_an_undo_that_cannot_be_written_leaves_the_verdict_and_the_way_back() -> None:
    stage = Stage()
    await run(stage)
    stage.make = NotPutBack
    moved = await run(stage, sets=BREAK)
    assert moved.exit_code == 1
    assert moved.rolled_back_to is None
    assert str(moved.not_undone).endswith("(its writer was killed): flaskship rollback dev 1")


async def test_an_undo_that_fails_too_is_said() -> None:
    stage, told = Stage(), Told()
    await run(stage)
    stage.answers["30080"] = "502 Bad Gateway"
    moved = await run(stage, told, sets=BREAK)
    assert moved.undo is not None
    assert moved.undo.verdict.outcome is Outcome.FAILED
    assert "did not succeed either" in told.warnings[-1]
    assert moved.exit_code == 1


async def test_the_users_timeout_is_inconclusive_goes_back_and_exits_70() -> None:
    stage = Stage()
    await run(stage)
    moved = await run(stage, sets=SILENT, timeout=5.0)
    assert moved.exit_code == 70
    assert moved.move.verdict.outcome is Outcome.INCONCLUSIVE
    assert moved.move.verdict.causes[0].evidence == (f"{API}: 0 of 1 new replicas ready",)
    assert moved.rolled_back_to == 1
    assert (await stage.engine().history("dev"))[-1].provenance.reason == "revision 2 timed out"
    assert await outcomes(stage) == [Outcome.SUCCESSFUL, Outcome.INCONCLUSIVE, Outcome.SUCCESSFUL]


async def test_the_deadline_of_the_manifests_is_a_failure_and_no_timeout() -> None:
    moved = await run(Stage(), sets=SILENT, timeout=500.0)
    assert moved.exit_code == 1
    assert moved.move.verdict.outcome is Outcome.FAILED


@pytest.mark.parametrize(("allowed", "code"), [(None, 0), (3, 0), (2, 1), (0, 1)])
async def test_lost_requests_fail_a_deploy_that_says_how_many_are_allowed(
    allowed: int | None, code: int
) -> None:
    stage = Stage()
    await run(stage)
    stage.lost_requests = 3
    moved = await run(stage, max_failed=allowed)
    assert moved.exit_code == code
    assert (moved.rolled_back_to == 1) is bool(code)


async def test_an_address_that_does_not_answer_fails_the_deploy() -> None:
    stage = Stage()
    stage.answers["30080"] = "connection refused"
    moved = await run(stage)
    assert moved.exit_code == 1
    assert moved.move.verdict.causes[0].code == "AddressNotServing"
    assert "connection refused" in moved.move.verdict.causes[0].message


async def test_an_engine_that_stops_reporting_is_inconclusive_never_successful() -> None:
    class Silent(FakeEngine):
        async def follow(self, environment: str):
            yield await self.observe(environment)

    stage = Stage()
    stage.make = Silent
    moved = await run(stage)
    assert moved.move.verdict.outcome is Outcome.INCONCLUSIVE
    assert moved.exit_code == 1


async def test_a_second_writer_waits_is_told_and_then_refused() -> None:
    stage, told = Stage(), Told()
    await stage.engine().acquire("dev", "grace: deploy", 0)
    with pytest.raises(LockedError, match="grace: deploy"):
        await run(stage, told, lock_timeout=3.0)
    assert told.steps[-1].startswith("waiting up to 3 s: dev is being written to by grace: deploy")
    assert await outcomes(stage) == []


async def test_the_lock_is_given_back_whatever_happens() -> None:
    stage = Stage()
    await run(stage)
    await run(stage, sets=BREAK)
    assert stage.state.holders == {}


async def test_a_draft_is_drawn_again_where_somebody_deployed_meanwhile() -> None:
    stage = Stage()
    numbers: list[int] = []
    world = stage.world()
    render = world.render

    class Overtaken(FakeEngine):
        async def acquire(self, environment: str, owner: str, timeout: float):
            if not self._state.of("dev").revisions:
                other = FakeEngine(self._state)
                lock = await other.acquire("dev", "grace", 0)
                release = Release("dev", "dev-apps", "my-app-dev", (), Provenance("grace"))
                await other.apply(release, lock)
                await other.release(lock)
            return await super().acquire(environment, owner, timeout)

    def counting(project, environment, layered, revision, is_upgrade):
        numbers.append(revision)
        return render(project, environment, layered, revision, is_upgrade)

    from dataclasses import replace

    stage.make = Overtaken
    world = replace(world, render=counting)
    moved = await deploy(world, stage.project, stage.environment(), stage.engine(), Wish(), Told())
    assert numbers == [1, 2]
    assert moved.move.revision == 2


async def test_a_rehearsal_tells_the_changes_and_makes_none() -> None:
    stage = Stage()
    await run(stage)
    wish = Wish(sets=(f"applications.{API}.replicas=2",))
    found = await rehearse(stage.world(), stage.project, stage.environment(), stage.engine(), wish)
    assert found.changes == (Change("Deployment", API, "changed"),)
    assert found.ignored == ()
    assert await outcomes(stage) == [Outcome.SUCCESSFUL]


class Blind(FakeEngine):
    """An engine without isolation, and without a second machine."""

    def ignored(self, documents: Sequence[Document]) -> tuple[Ignored, ...]:
        names = tuple(
            f"Deployment/{one['metadata']['name']}" for one in documents if one["kind"] == "Deployment"
        )
        replicas = [one["spec"].get("replicas", 1) for one in documents if one["kind"] == "Deployment"]
        found = [Ignored(("a", "b", "c", "d", "e"), names, "no isolation")]
        return (*found, Ignored(("spread",), names[:1], "one machine")) if 2 in replicas else tuple(found)


async def test_what_the_engine_ignores_is_told_once_and_then_only_what_is_new() -> None:
    stage, first, second = Stage(), Told(), Told()
    stage.make = Blind
    moved = await run(stage, first)
    assert first.warnings == ["ignored on this machine: a, b, c, d and 1 more of 2 objects: no isolation"]
    assert moved.ignored is not None
    assert [one.reason for one in moved.ignored] == ["no isolation"]
    await run(stage, second, sets=(f"applications.{API}.replicas=2",))
    assert second.warnings == [f"ignored on this machine: spread of Deployment/{API}: one machine"]
    assert any("as before, for 1 reasons: flaskship deploy dev --dry-run" in one for one in second.steps)


def test_changes_are_told_by_kind_and_name() -> None:
    old = Release("dev", "r", "n", (deployment("a", IMAGE), deployment("b", IMAGE)), Provenance("ada"))
    new = (deployment("b", IMAGE, replicas=2), deployment("c", IMAGE))
    assert changes(old, new) == (
        Change("Deployment", "a", "removed"),
        Change("Deployment", "b", "changed"),
        Change("Deployment", "c", "added"),
    )
    assert [one.change for one in changes(None, new)] == ["added", "added"]
    assert changes(old, old.documents) == ()


class Doubtful(FakeEngine):
    """An engine that could not look everywhere; it says so once."""

    def remarks(self) -> tuple[str, ...]:
        return ("quotas of shop: its user may not list them",)


async def test_what_could_not_be_looked_at_is_told_and_stands_in_the_result() -> None:
    stage, told = Stage(), Told()
    assert (await run(stage)).move.unchecked == ()
    stage.make = Doubtful
    moved = await run(stage, told)
    assert moved.move.unchecked == ("quotas of shop: its user may not list them",)
    assert "not checked: quotas of shop: its user may not list them" in told.warnings
    assert moved_document(moved)["unchecked"] == list(moved.move.unchecked)


class Heir(FakeEngine):
    """An engine whose lock was that of a command which is gone, and left a test behind."""

    async def acquire(self, environment: str, owner: str, timeout: float) -> Lock:
        return replace(await super().acquire(environment, owner, timeout), removed=("api-test",))


async def test_what_was_removed_of_a_command_that_is_gone_is_told_and_stands_in_the_result() -> None:
    stage, told = Stage(), Told()
    assert moved_document(await run(stage))["removed"] == []
    stage.make = Heir
    moved = await run(stage, told)
    assert "dev: removed test api-test, which waited for a command that is gone" in told.steps
    assert moved_document(moved)["removed"] == ["api-test"]
