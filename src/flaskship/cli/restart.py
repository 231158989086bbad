"""flaskship restart."""

import click

from flaskship.cli import options
from flaskship.cli.settings import global_options
from flaskship.cli.steering import steer
from flaskship.engines.base import Engine
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import Steered, restart
from flaskship.tasks.world import Report, World


@click.command("restart")
@options.environment_argument
@click.argument("app", metavar="[APP]", required=False)
@options.engine_options
@options.timeout_option
@options.lock_timeout_option
@options.take_over_option
@global_options
def command(
    env: str,
    app: str | None,
    engine: str | None,
    context: str | None,
    timeout: float | None,
    lock_timeout: float,
    take_over: str | None,
) -> int:
    """Replace the replicas of ENV or of one application by new ones, without a gap in service."""

    async def story(world: World, chosen: Engine, owner: str, wish: Wish, report: Report) -> Steered:
        return await restart(world, chosen, env, app, owner, wish, report)

    return steer("restart", env, engine, context, timeout, lock_timeout, take_over, story)
