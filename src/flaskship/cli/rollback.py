"""flaskship rollback."""

import click

from flaskship.cli import options
from flaskship.cli.deploy import print_moved
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.tasks import rollback as story
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.targets import open_to_write


@click.command("rollback")
@options.environment_argument
@click.argument("revision", metavar="[REVISION]", required=False, type=click.IntRange(min=1))
@click.option("--app", metavar="APP", help="One application only.")
@options.engine_options
@options.reason_option
@options.take_over_option
@options.timeout_option
@options.lock_timeout_option
@global_options
def command(
    env: str,
    revision: int | None,
    app: str | None,
    engine: str | None,
    context: str | None,
    reason: str,
    take_over: str | None,
    timeout: float | None,
    lock_timeout: float,
) -> int:
    """Go back to an older revision of ENV as a new one; to the last successful one before, by default."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)
    wish = Wish(timeout=timeout, lock_timeout=lock_timeout)
    by = world.provenance(project.root, reason or take_over or "")

    async def tell_it() -> Moved:
        chosen, _ = await open_to_write(world, project, environment, engine, f"rollback {env}", take_over)
        try:
            return await story.rollback(world, chosen, env, revision, by, wish, settings.output, app)
        finally:
            await chosen.close()

    return print_moved(settings.output, tell(tell_it()), "rollback failed")
