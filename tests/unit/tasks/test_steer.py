"""The stories of restart and scale."""

import pytest
from tests.contract.harness import uids
from tests.contract.world import API, WORKER, Stage, Told

from flaskship.model.errors import ConfigurationError
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import restart, scale


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
