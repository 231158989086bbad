"""flaskship render."""

from pathlib import Path

import click

from flaskship.cli import options
from flaskship.cli.settings import global_options
from flaskship.tasks.prepare import Wish, draft


@click.command("render")
@options.environment_argument
@options.values_options
@global_options
def command(env: str, files: tuple[Path, ...], sets: tuple[str, ...]) -> int:
    """Print the manifests of ENV, as Helm renders them for a first install."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env)
    drawn = draft(world, project, environment, Wish(files, sets), 1, is_upgrade=False)
    settings.output.answer(
        {
            "environment": env,
            "release": environment.release,
            "namespace": environment.namespace,
            "chart_digest": drawn.rendered.chart_digest,
            "documents": list(drawn.rendered.documents),
            "notes": drawn.rendered.notes,
        },
        (),
    )
    settings.output.raw(drawn.rendered.manifests)
    return 0
