"""A deploy and a pause: one from before refuses it, one in its middle is told with what ends it."""

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.world import API, Stage, Told

from flaskship.engines.base import Lock, Pause, Resume
from flaskship.model.errors import PausedError
from flaskship.model.named import Named
from flaskship.model.release import Release
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import restart

RESUME = f"flaskship resume dev {API}"


class Meddled(FakeEngine):
    """Somebody pauses the application once its second revision is applied."""

    async def apply(self, release: Release, lock: Lock) -> int:
        number = await super().apply(release, lock)
        if number == 2:
            await self.steer("dev", API, Pause(), None)
        return number


async def running() -> Stage:
    stage = Stage()
    await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    return stage


def changed(**more: object) -> Wish:
    return Wish(sets=(f"applications.{API}.command={{/bin/true}}",), **more)  # type: ignore[arg-type]


async def test_a_deploy_onto_a_paused_application_changes_nothing_and_names_what_frees_it() -> None:
    stage = await running()
    await stage.engine().steer("dev", API, Pause(), None)
    with pytest.raises(PausedError) as refused:
        await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), changed(), Told())
    assert (refused.value.exit_code, refused.value.hint) == (4, RESUME)
    assert len(await stage.engine().history("dev")) == 1
    await stage.engine().steer("dev", API, Resume(), None)
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), changed(), Told())
    assert moved.move.verdict.outcome is Outcome.SUCCESSFUL


@pytest.mark.parametrize(
    ("named", "options"),
    [(Named(), ""), (Named("kubernetes", "here"), " --engine kubernetes --context here")],
)
async def test_a_pause_in_the_middle_is_told_once_and_is_the_cause_at_the_timeout(
    named: Named, options: str
) -> None:
    stage, told = await running(), Told()
    stage.make = Meddled
    wish = changed(timeout=30.0, named=named)
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), wish, told)
    assert moved.exit_code == 70, moved.move.verdict
    cause = moved.move.verdict.causes[0]
    assert f"{API} is paused: {RESUME}{options}" in cause.message
    assert [one for one in told.warnings if "paused" in one][:1] == [
        f"dev: {API} is paused: {RESUME}{options}"
    ]
    assert sum(one.startswith(f"dev: {API} is paused") for one in told.warnings) == 1


async def test_an_undo_onto_what_is_paused_is_left_to_the_user_and_does_not_wait_for_ever() -> None:
    stage = await running()
    stage.make = Meddled
    moved = await deploy(
        stage.world(), stage.project, stage.environment(), stage.engine(), changed(timeout=30.0), Told()
    )
    assert moved.undo is None
    assert RESUME in str(moved.not_undone)
    assert "flaskship rollback dev 1" in str(moved.not_undone)


async def test_a_restart_of_what_is_paused_is_refused() -> None:
    stage = await running()
    await stage.engine().steer("dev", API, Pause(), None)
    with pytest.raises(PausedError) as refused:
        await restart(stage.world(), stage.engine(), "dev", None, "ada", Wish(), Told())
    assert refused.value.hint == RESUME
