"""flaskship pause."""

import click

from flaskship.cli import options
from flaskship.cli.settings import global_options
from flaskship.cli.steering import steer
from flaskship.engines.base import Doing, Engine
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import Steered, pause
from flaskship.tasks.world import Report, World


@click.command("pause")
@options.environment_argument
@click.argument("app", metavar="APP")
@options.engine_options
@options.timeout_option
@options.take_over_option
@global_options
def command(
    env: str, app: str, engine: str | None, context: str | None, timeout: float | None, take_over: str | None
) -> int:
    """Hold the rollout of an application where it is, also one that a deploy is watching."""

    async def story(world: World, chosen: Engine, _owner: str, wish: Wish, report: Report) -> Steered:
        return await pause(world, chosen, env, app, wish, report)

    return steer("pause", env, engine, context, timeout, 0.0, take_over, story, Doing.HOLD)
