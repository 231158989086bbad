"""flaskship explain."""

from pathlib import Path

import click

from flaskship.cli import documents, options, screens
from flaskship.cli.settings import global_options
from flaskship.tasks.explain import explain


@click.command("explain")
@options.environment_argument
@click.argument("path", metavar="PATH")
@options.values_options
@global_options
def command(env: str, path: str, files: tuple[Path, ...], sets: tuple[str, ...]) -> int:
    """Show every layer of values that set PATH, with file and line; the last one wins."""
    settings = options.current()
    world, project = options.load(settings)
    found = explain(world, project, options.choose(project, env), path, files, sets)
    settings.output.answer(documents.explained_document(env, found), screens.explained_screen(found))
    return 0
