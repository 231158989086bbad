"""flaskship diff."""

from pathlib import Path

import click

from flaskship.cli import options
from flaskship.cli.differences import diff_document, diff_screen, paint
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.tasks.diff import LIVE, diff
from flaskship.tasks.prepare import Wish


@click.command("diff")
@options.environment_argument
@click.option(
    "--against",
    default=LIVE,
    show_default=True,
    metavar="live|REVISION|ENV2",
    help="Compare with what runs, with a revision, or with what another environment renders.",
)
@options.values_options
@options.engine_options
@global_options
def command(
    env: str,
    against: str,
    files: tuple[Path, ...],
    sets: tuple[str, ...],
    engine: str | None,
    context: str | None,
) -> int:
    """Show what a deploy of ENV would change, object by object; secrets are masked."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context, files=files, sets=sets)
    compared = tell(diff(world, project, environment, Wish(files, sets), against, engine))
    settings.output.answer(diff_document(compared), diff_screen(compared), paint)
    return 0
