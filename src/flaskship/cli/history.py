"""flaskship history."""

import click

from flaskship.cli import documents, options, screens
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.tasks.reading import reading


@click.command("history")
@options.environment_argument
@options.engine_options
@global_options
def command(env: str, engine: str | None, context: str | None) -> int:
    """Show the revisions of ENV: when, who, why, from which commit, and what came of them."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)

    async def tell_it() -> None:
        async with reading(world, project, environment, engine) as (opened, _):
            revisions = await opened.history(env)
            settings.output.answer(
                documents.history_document(env, opened.name, revisions),
                screens.history_screen(env, opened.name, revisions),
            )

    tell(tell_it())
    return 0
