"""flaskship check."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import click

from flaskship import __version__
from flaskship.cli import options
from flaskship.cli.findings import findings_document, findings_screen
from flaskship.cli.output import Failure, Output
from flaskship.cli.settings import OUTPUTS, global_options
from flaskship.model.errors import FlaskshipError
from flaskship.policy.sarif import failed, sarif
from flaskship.tasks import check as story


@click.command("check")
@click.argument("envs", metavar="[ENV ...]", nargs=-1)
@click.option("--untested-against", metavar="ENV2", help="Find too what ENV has and ENV2 never exercises.")
@options.values_options
@partial(global_options, outputs=(*OUTPUTS, "sarif"))
def command(
    envs: tuple[str, ...], untested_against: str | None, files: tuple[Path, ...], sets: tuple[str, ...]
) -> int:
    """Judge what ENV, or every environment, renders: exit 3 where a finding is not accepted."""
    settings = options.current()
    world, project = options.load(settings)
    environments = tuple(options.choose(project, env) for env in dict.fromkeys(envs)) or project.environments
    against = options.choose(project, untested_against) if untested_against else None
    as_sarif = click.get_current_context().params.get("output") == "sarif"
    try:
        checked = story.check(world, project, environments, files, sets, settings.output, against)
    except FlaskshipError as error:
        if as_sarif:
            _print_sarif(settings.output, failed(error.message, error.location, project.root, __version__))
        raise
    if as_sarif:
        _print_sarif(settings.output, sarif(checked.findings, project.root, __version__))
        return checked.exit_code
    settings.output.answer(findings_document(checked), findings_screen(checked))
    if checked.failing:
        first = checked.failing[0]
        more = f" (and {len(checked.failing) - 1} more)" if len(checked.failing) > 1 else ""
        message = f"{first.rule}: {first.object}: {first.message}{more}"
        hint = "change the value, or accept it with a reason: docs/reference/checks.md"
        settings.output.fail(Failure("PolicyFindings", message, checked.exit_code, first.values, hint))
    return checked.exit_code


def _print_sarif(output: Output, report: dict[str, Any]) -> None:
    output.raw(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
