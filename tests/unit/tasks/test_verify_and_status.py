"""Looking: verify judges, status shows, and neither takes unknown for well."""

from dataclasses import replace

import pytest
from tests.contract.fake import FakeEngine, FakeState
from tests.contract.harness import locked
from tests.contract.world import API, Stage, Told

from flaskship.model.errors import ConfigurationError, PreflightError
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.status import status, status_of_all, watch
from flaskship.tasks.targets import open_to_read, open_to_write
from flaskship.tasks.up import up
from flaskship.tasks.verify import verify


async def running(name: str = "dev") -> Stage:
    stage = Stage()
    await up(stage.world(), stage.project, stage.environment(name), stage.engine(), Wish(), Told())
    return stage


async def test_what_is_well_is_successful_and_every_address_was_asked() -> None:
    stage = await running()
    result = await verify(stage.world(), stage.engine(), "dev")
    assert (result.verdict.outcome, result.exit_code) == (Outcome.SUCCESSFUL, 0)
    assert [one.url for one in result.answers] == [
        "http://localhost:30080/ready",
        "http://localhost:80/ready",
    ]


async def test_an_address_that_does_not_answer_is_a_failure() -> None:
    stage = await running()
    stage.answers["30080"] = "503 no database"
    result = await verify(stage.world(), stage.engine(), "dev")
    assert (result.verdict.outcome, result.exit_code) == (Outcome.FAILED, 1)


async def test_what_still_moves_is_inconclusive_and_not_well() -> None:
    stage = await running()
    engine = stage.engine()
    async with locked(engine, "dev") as lock:
        await engine.apply(await engine.recall("dev", 1), lock)
    stage.state.of("dev").workloads[API].generation += 1
    result = await verify(stage.world(), stage.engine(), "dev")
    assert result.verdict.outcome is Outcome.INCONCLUSIVE
    assert result.verdict.causes[0].code == "StillMoving"
    assert result.exit_code == 1


async def test_what_does_not_run_cannot_be_verified() -> None:
    stage = Stage()
    with pytest.raises(ConfigurationError, match="nothing to verify"):
        await verify(stage.world(), stage.engine(), "dev")


class Unreleased(FakeEngine):
    """What runs was applied by somebody who makes no release of Helm."""

    async def observe(self, environment: str) -> Snapshot:
        return replace(await super().observe(environment), release=None)


async def test_what_another_writer_applied_without_a_release_is_judged_by_what_the_files_say() -> None:
    stage = await running()
    applied = (await stage.engine().recall("dev", 1)).documents
    stage.make = Unreleased
    well = await verify(stage.world(), stage.engine(), "dev", applied=applied)
    assert (well.exit_code, len(well.answers), well.snapshot.release) == (0, 2, None)
    assert well.tests.reason == "Helm has no release of it whose tests could run"
    stage.answers["30080"] = "503 no database"
    assert (await verify(stage.world(), stage.engine(), "dev", applied=applied)).exit_code == 1
    stage.answers.clear()
    more = (*applied, {"kind": "Deployment", "metadata": {"name": "my-tomorrows-admin"}})
    lacking = await verify(stage.world(), stage.engine(), "dev", applied=more)
    assert [one.code for one in lacking.verdict.causes] == ["WorkloadMissing"]
    assert lacking.verdict.causes[0].application == "my-tomorrows-admin"
    assert lacking.exit_code == 1


async def test_what_runs_nowhere_and_has_no_release_is_still_nothing_to_verify() -> None:
    stage = Stage()
    stage.make = Unreleased
    applied = ({"kind": "Deployment", "metadata": {"name": API}},)
    with pytest.raises(ConfigurationError, match="nothing to verify"):
        await verify(stage.world(), stage.engine(), "dev", applied=applied)


async def test_reads_take_the_local_run_where_there_is_one() -> None:
    stage = await running("staging")
    snapshot = await status(stage.world(), stage.project, stage.environment("staging"), None)
    assert (snapshot.engine, snapshot.phase) == ("local", Phase.HEALTHY)


async def test_reads_take_the_environments_engine_where_nothing_ran_here() -> None:
    stage = Stage()
    with pytest.raises(PreflightError):
        await status(stage.world(), stage.project, stage.environment("staging"), None)
    assert all(engine.closed for engine in stage.engines)


async def stopped(name: str) -> Stage:
    stage = await running(name)
    async with locked(stage.engine(), name) as lock:
        await stage.engine().delete(name, lock)
    return stage


async def test_a_local_run_that_was_stopped_hides_nothing_that_runs_on_the_cluster() -> None:
    stage = await stopped("staging")
    stage.cluster = FakeState(stage.clock)
    world, staging = stage.world(), stage.environment("staging")
    cluster = world.open_engine(stage.project, staging, "kubernetes")
    await deploy(world, stage.project, staging, cluster, Wish(), Told())
    snapshot = await status(world, stage.project, staging, None)
    assert (snapshot.engine, snapshot.phase) == ("kubernetes", Phase.HEALTHY)


async def test_of_a_local_environment_a_stopped_run_is_still_told() -> None:
    stage = await stopped("dev")
    snapshot = await status(stage.world(), stage.project, stage.environment(), None)
    assert (snapshot.engine, snapshot.phase) == ("local", Phase.STOPPED)


async def test_reads_of_a_local_environment_need_no_run() -> None:
    stage = Stage()
    snapshot = await status(stage.world(), stage.project, stage.environment(), None)
    assert snapshot.release is None


async def test_an_engine_that_is_asked_for_is_the_one_that_answers() -> None:
    stage = await running("staging")
    with pytest.raises(PreflightError):
        await open_to_read(stage.world(), stage.project, stage.environment("staging"), "kubernetes")


async def test_a_write_beside_a_local_run_must_name_its_engine() -> None:
    stage = await running("staging")
    arguments = (stage.world(), stage.project, stage.environment("staging"))
    with pytest.raises(ConfigurationError, match="say which one is meant") as refused:
        await open_to_write(*arguments, None, "deploy staging")
    assert refused.value.hint == "add --engine local or --engine kubernetes to: flaskship deploy staging"
    engine, _ = await open_to_write(*arguments, "local", "deploy staging")
    assert engine.name == "local"


async def test_a_write_after_the_local_run_ended_goes_to_the_environments_engine() -> None:
    stage = await running("staging")
    engine = stage.engine()
    async with locked(engine, "staging") as lock:
        await engine.delete("staging", lock)
    with pytest.raises(PreflightError):
        await open_to_write(
            stage.world(), stage.project, stage.environment("staging"), None, "deploy staging"
        )


async def test_one_environment_that_cannot_be_seen_hides_no_other() -> None:
    stage = await running()
    dev, staging = await status_of_all(stage.world(), stage.project, None)
    assert dev.snapshot is not None
    assert dev.snapshot.phase is Phase.HEALTHY
    assert (staging.snapshot, staging.engine) == (None, "kubernetes")
    assert staging.problem


async def test_an_engine_is_closed_when_it_cannot_observe() -> None:
    class Blind(FakeEngine):
        async def observe(self, environment: str):
            raise RuntimeError

    stage = Stage()
    stage.make = Blind
    with pytest.raises(RuntimeError):
        await status(stage.world(), stage.project, stage.environment(), None)
    assert stage.engines[-1].closed


async def test_watching_reports_each_look_until_it_ends() -> None:
    class Short(FakeEngine):
        async def follow(self, environment: str):
            for _ in range(3):
                yield await self.observe(environment)

    stage = Stage()
    await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    stage.make = Short
    told = Told()
    await watch(stage.world(), stage.project, stage.environment(), None, told)
    assert len(told.snapshots) == 4
    assert stage.engines[-1].closed
