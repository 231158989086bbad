"""Deploys as the tests of their story run them."""

from tests.contract.world import API, Stage, Told

from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved

BREAK = (f"applications.{API}.command={{/bin/false}}",)
SILENT = (f"applications.{API}.ready_path=/never",)


async def run(stage: Stage, told: Told | None = None, **wish: object) -> Moved:
    return await deploy(
        stage.world(), stage.project, stage.environment(), stage.engine(), Wish(**wish), told or Told()
    )


async def outcomes(stage: Stage) -> list[Outcome | None]:
    return [one.outcome for one in await stage.engine().history("dev")]
