"""flaskship abort."""

import click

from flaskship.cli import options
from flaskship.cli.deploy import print_moved
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.engines.base import Doing
from flaskship.tasks import abort as story
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.targets import open_to_write


@click.command("abort")
@options.environment_argument
@click.argument("app", metavar="APP")
@options.engine_options
@options.reason_option
@options.take_over_option
@options.timeout_option
@options.lock_timeout_option
@global_options
def command(
    env: str,
    app: str,
    engine: str | None,
    context: str | None,
    reason: str,
    take_over: str | None,
    timeout: float | None,
    lock_timeout: float,
) -> int:
    """Give the rollout of an application up and put back what served before, as a new revision."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)
    wish = Wish(timeout=timeout, lock_timeout=lock_timeout, named=environment.named)
    by = world.provenance(project.root, reason or take_over or "")

    async def tell_it() -> Moved:
        chosen, _ = await open_to_write(
            world,
            project,
            environment,
            engine,
            f"abort {env} {app}",
            take_over,
            applies=True,
            doing=Doing.ABORT,
        )
        try:
            return await story.abort(world, chosen, env, app, by, wish, settings.output)
        finally:
            await chosen.close()

    return print_moved(settings.output, tell(tell_it()), "abort failed", environment.named)
