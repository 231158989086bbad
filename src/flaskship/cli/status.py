"""flaskship status."""

from typing import Any

import click

from flaskship.cli import documents, options, screens
from flaskship.cli.output import Output
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Project
from flaskship.model.snapshot import Snapshot
from flaskship.tasks import status as story


@click.command("status")
@click.argument("env", metavar="[ENV]", required=False)
@click.option("--watch", is_flag=True, help="Go on showing it until interrupted.")
@options.engine_options
@global_options
def command(env: str | None, watch: bool, engine: str | None, context: str | None) -> int:
    """Show what runs and how it is; without ENV every environment."""
    settings = options.current()
    output = settings.output
    world, project = options.load(settings)
    if watch and (env is None or output.json):
        raise ConfigurationError(
            "--watch shows one environment as text", hint="flaskship status ENV --watch, without -o json"
        )
    if env is None:
        _print_all(output, project, tell(story.status_of_all(world, project, engine)))
        return 0
    environment = options.choose(project, env, engine, context)
    if watch:
        tell(story.watch(world, project, environment, engine, output))
        return 0
    snapshot: Snapshot = tell(story.status(world, project, environment, engine))
    lines = [*screens.status_screen(snapshot, environment), *screens.standing_lines(snapshot)]
    output.answer(documents.standing_document(snapshot), lines)
    return 0


def _print_all(output: Output, project: Project, found: tuple[story.Seen, ...]) -> None:
    lines: list[str] = []
    listed: list[dict[str, Any]] = []
    for one in found:
        lines += [""] if lines else []
        if one.snapshot is None:
            lines.append(f"{one.environment}  unknown  ({one.engine}): {one.problem}")
        else:
            lines += screens.status_screen(one.snapshot, options.choose(project, one.environment))
            lines += screens.standing_lines(one.snapshot)
        listed.append(_document(one))
    output.answer({"environments": listed}, lines)


def _document(one: story.Seen) -> dict[str, Any]:
    if one.snapshot is not None:
        return documents.standing_document(one.snapshot)
    return {
        "environment": one.environment,
        "engine": one.engine,
        "namespace": one.namespace,
        "phase": "Unknown",
        "release": None,
        "applications": [],
        "causes": [],
        "notes": [one.problem or ""],
        "containment": "",
    }
