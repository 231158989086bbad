"""The story of a deploy, told to the fake engine."""

from tests.contract.world import API, Stage, Told

from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish

BREAK = (f"applications.{API}.command={{/bin/false}}",)


async def run(stage: Stage, told: Told | None = None, **wish: object):
    return await deploy(
        stage.world(), stage.project, stage.environment(), stage.engine(), Wish(**wish), told or Told()
    )


async def test_a_first_deploy_is_revision_one_and_healthy() -> None:
    stage = Stage()
    moved = await run(stage)
    assert moved.move.revision == 1
    assert moved.previous is None
    assert moved.successful
    assert moved.exit_code == 0
    assert moved.move.receipt is None
    assert moved.move.receipt_reason == "no application answered HTTP before"


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
    assert moved.undo.revision == 3
    assert moved.undo.verdict.outcome is Outcome.SUCCESSFUL
    outcomes = [one.outcome for one in await stage.engine().history("dev")]
    assert outcomes == [Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.SUCCESSFUL]
