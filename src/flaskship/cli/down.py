"""flaskship down."""

import click

from flaskship.cli import options, screens
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.engines.base import Doing
from flaskship.tasks import down as story
from flaskship.tasks.single_writer import guard, rendered_objects
from flaskship.tasks.targets import LOCAL, permitted


@click.command("down")
@click.argument("env", metavar="[ENV]", required=False)
@click.option(
    "--all", "everything", is_flag=True, help="Stop every environment here, and Flaskship's own processes."
)
@click.option("--purge", is_flag=True, help="Remove the data too; what is removed is named first.")
@options.ending_options
@options.take_over_option
@global_options
def command(
    env: str | None,
    everything: bool,
    purge: bool,
    engine: str | None,
    context: str | None,
    take_over: str | None,
) -> int:
    """Stop ENV on this machine, or everything with --all; data stays unless purged."""
    if (env is None) == (not everything):
        raise click.UsageError("name one environment, or say --all", click.get_current_context())
    settings = options.current()
    world, project = options.load(settings)

    async def tell_it() -> tuple[story.Down, ...]:
        if env is None:
            return await story.down_all(world, project, settings.output, purge=purge)
        environment = options.choose(project, env, engine or LOCAL, context)
        chosen = world.open_engine(project, environment, engine or LOCAL)
        try:
            doing = Doing.PURGE if purge else Doing.REMOVE
            drawn = None if chosen.name == LOCAL else rendered_objects(world, project, environment)
            async with permitted(chosen, env, drawn or (), doing):
                await guard(world, project, environment, chosen, take_over, drawn, ends=True)
            return (await story.down(chosen, project, env, settings.output, purge=purge),)
        finally:
            await chosen.close()

    stopped = tell(tell_it())
    listed = [
        {
            "environment": one.environment,
            "engine": one.engine,
            "stopped": one.stopped,
            "purged": list(one.purged),
        }
        for one in stopped
    ]
    asked = options.choose(project, env, engine or LOCAL, context) if env is not None else None
    settings.output.answer({"environments": listed}, [screens.down_line(one, asked) for one in stopped])
    return 0
