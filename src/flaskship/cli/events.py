"""flaskship events."""

import click

from flaskship.cli import documents, options, screens
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.tasks.reading import reading


@click.command("events")
@options.environment_argument
@options.engine_options
@global_options
def command(env: str, engine: str | None, context: str | None) -> int:
    """Show what happened in ENV, oldest first."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)

    async def tell_it() -> None:
        async with reading(world, project, environment, engine) as (opened, _):
            happened = await opened.events(env)
            settings.output.answer(
                documents.events_document(env, opened.name, happened), screens.events_screen(env, happened)
            )

    tell(tell_it())
    return 0
