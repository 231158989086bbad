"""flaskship scale."""

import click

from flaskship.cli import options
from flaskship.cli.numbers import WholeNumber
from flaskship.cli.settings import global_options
from flaskship.cli.steering import steer
from flaskship.engines.base import Engine
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import Steered, scale
from flaskship.tasks.world import Report, World

MOST = 1000


@click.command("scale", context_settings={"ignore_unknown_options": True})
@options.environment_argument
@click.argument("app", metavar="APP")
@click.argument("replicas", metavar="N", type=WholeNumber(min=0, max=MOST))
@options.engine_options
@options.timeout_option
@options.lock_timeout_option
@options.take_over_option
@global_options
def command(
    env: str,
    app: str,
    replicas: int,
    engine: str | None,
    context: str | None,
    timeout: float | None,
    lock_timeout: float,
    take_over: str | None,
) -> int:
    """Run N replicas of an application until the next deploy."""

    async def story(world: World, chosen: Engine, owner: str, wish: Wish, report: Report) -> Steered:
        return await scale(world, chosen, env, app, replicas, owner, wish, report)

    return steer("scale", env, engine, context, timeout, lock_timeout, take_over, story)
