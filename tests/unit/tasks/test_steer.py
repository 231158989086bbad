"""The stories of restart and scale."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.harness import uids
from tests.contract.world import API, WORKER, Stage, Told

from flaskship.model.errors import ConfigurationError
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import pause, restart, resume, scale


async def running() -> Stage:
    stage = Stage()
    await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    return stage


async def test_a_restart_is_over_when_no_old_replica_is_left() -> None:
    stage = await running()
    before = await stage.engine().observe("dev")
    result = await restart(stage.world(), stage.engine(), "dev", None, "ada", Wish(), Told())
    assert result.exit_code == 0
    for name in (API, WORKER):
        assert not uids(before, name) & uids(result.snapshot, name)
    assert len(await stage.engine().history("dev")) == 1


async def test_one_application_can_be_restarted_alone() -> None:
    stage = await running()
    before = await stage.engine().observe("dev")
    result = await restart(stage.world(), stage.engine(), "dev", API, "ada", Wish(), Told())
    assert uids(before, WORKER) == uids(result.snapshot, WORKER)
    assert uids(before, API) != uids(result.snapshot, API)


@pytest.mark.parametrize("replicas", [0, 1, 4])
async def test_a_scale_is_over_when_so_many_are_ready(replicas: int) -> None:
    stage = await running()
    result = await scale(stage.world(), stage.engine(), "dev", API, replicas, "ada", Wish(), Told())
    api = next(one for one in result.snapshot.workloads if one.name == API)
    assert (api.desired, api.ready, result.exit_code) == (replicas, replicas, 0)


async def test_an_unknown_application_is_refused_with_the_nearest() -> None:
    stage = await running()
    for story in (
        restart(stage.world(), stage.engine(), "dev", "my-tomorrows-wrker", "ada", Wish(), Told()),
        scale(stage.world(), stage.engine(), "dev", "worker", 2, "ada", Wish(), Told()),
    ):
        with pytest.raises(ConfigurationError) as refused:
            await story
        assert refused.value.hint is not None
        assert f"did you mean {WORKER!r}?" in refused.value.hint
    assert stage.state.holders == {}


async def test_what_does_not_run_cannot_be_steered() -> None:
    stage = Stage()
    with pytest.raises(ConfigurationError, match="dev does not run"):
        await restart(stage.world(), stage.engine(), "dev", None, "ada", Wish(), Told())


async def test_the_users_timeout_ends_the_wait() -> None:
    stage = await running()
    wish = Wish(timeout=0.0)
    result = await scale(stage.world(), stage.engine(), "dev", API, 3, "ada", wish, Told())
    assert result.verdict.outcome is Outcome.INCONCLUSIVE
    assert result.exit_code == 70


class Slow(FakeEngine):
    """Shows what was steered some looks later, and knows of no progress since the deploy."""

    async def follow(self, environment: str) -> AsyncIterator[Snapshot]:
        begun = 0.0
        async for now in super().follow(environment):
            begun = begun or now.at
            unseen = now.at - begun < 2.0
            yield replace(
                now,
                workloads=tuple(
                    replace(one, progressed_at=0.0, complete=one.complete and not unseen)
                    for one in now.workloads
                ),
            )


async def long_ago(stage: Stage) -> Stage:
    """The same once every progress deadline of the deploy has passed."""
    stage.make = Slow
    await stage.state.clock.sleep(700.0)
    return stage


@pytest.mark.parametrize("replicas", [0, 1, 3])
async def test_a_scale_has_a_deadline_of_its_own(replicas: int) -> None:
    stage = await long_ago(await running())
    result = await scale(stage.world(), stage.engine(), "dev", API, replicas, "ada", Wish(), Told())
    assert (result.exit_code, result.verdict.causes) == (0, ())


async def test_so_has_a_restart_and_a_resume() -> None:
    stage = await long_ago(await running())
    assert (await restart(stage.world(), stage.engine(), "dev", API, "ada", Wish(), Told())).exit_code == 0
    await pause(stage.world(), stage.engine(), "dev", API, Wish(), Told())
    assert (await resume(stage.world(), stage.engine(), "dev", API, Wish(), Told())).exit_code == 0


class Full(Slow):
    """Has no room for any further replica."""

    async def follow(self, environment: str) -> AsyncIterator[Snapshot]:
        async for now in super().follow(environment):
            yield replace(now, workloads=tuple(replace(one, complete=False) for one in now.workloads))


@pytest.mark.parametrize("verb", ["scale", "restart"])
async def test_what_hangs_ends_at_that_deadline_with_its_cause(verb: str) -> None:
    stage = await long_ago(await running())
    stage.make = Full
    begun = stage.state.clock()
    if verb == "scale":
        result = await scale(stage.world(), stage.engine(), "dev", API, 3, "ada", Wish(), Told())
    else:
        result = await restart(stage.world(), stage.engine(), "dev", API, "ada", Wish(), Told())
    assert result.exit_code == 1
    assert {one.code for one in result.verdict.causes} == {"ProgressDeadlineExceeded"}
    deadline = result.snapshot.workloads[0].progress_deadline
    assert deadline < stage.state.clock() - begun < deadline + 5
