"""flaskship logs."""

import click

from flaskship.cli import documents, options
from flaskship.cli.numbers import WholeNumber
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.model.errors import ConfigurationError
from flaskship.tasks.reading import reading


@click.command("logs")
@options.environment_argument
@click.argument("app", metavar="[APP]", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with the new lines until interrupted.")
@click.option(
    "--tail",
    type=WholeNumber(min=0),
    default=100,
    show_default=True,
    metavar="N",
    help="How many.",
)
@options.engine_options
@global_options
def command(
    env: str, app: str | None, follow: bool, tail: int, engine: str | None, context: str | None
) -> int:
    """Show what the replicas of ENV wrote, or those of one application."""
    settings = options.current()
    output = settings.output
    if follow and output.json:
        raise ConfigurationError(
            "-f never ends: it cannot be one JSON document", hint="leave out one of them"
        )
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)

    async def tell_it() -> None:
        async with reading(world, project, environment, engine, app) as (opened, _):
            lines = opened.logs(env, app, follow=follow, tail=tail)
            if output.json:
                output.answer(documents.logs_document(env, opened.name, [line async for line in lines]), ())
                return
            async for line in lines:
                output.log(line)
                if output.closed:
                    return

    tell(tell_it())
    return 0
