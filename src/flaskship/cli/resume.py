"""flaskship resume."""

import click

from flaskship.cli import options
from flaskship.cli.settings import global_options
from flaskship.cli.steering import steer
from flaskship.engines.base import Doing, Engine
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import Steered, resume
from flaskship.tasks.world import Report, World


@click.command("resume")
@options.environment_argument
@click.argument("app", metavar="APP")
@options.engine_options
@options.timeout_option
@options.take_over_option
@global_options
def command(
    env: str, app: str, engine: str | None, context: str | None, timeout: float | None, take_over: str | None
) -> int:
    """Go on with the paused rollout of an application and follow it to its verdict."""

    async def story(world: World, chosen: Engine, _owner: str, wish: Wish, report: Report) -> Steered:
        return await resume(world, chosen, env, app, wish, report)

    return steer("resume", env, engine, context, timeout, 0.0, take_over, story, Doing.HOLD)
