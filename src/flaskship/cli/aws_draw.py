"""flaskship aws draw."""

import os
from dataclasses import asdict

import click

from flaskship.cli import options
from flaskship.cli.commands import COMMANDS
from flaskship.cli.output import Failure
from flaskship.cli.settings import global_options


@click.command("draw")
@click.option("--plan", "again", is_flag=True, help="Ask Terraform although no code has changed.")
@click.option(
    "--check", is_flag=True, help="Ask Terraform, write nothing, and fail where a picture is stale."
)
@global_options
def command(again: bool, check: bool) -> int:
    """Draw the pictures of the infrastructure and of its delivery into docs/diagrams.

    What is in Terraform's plan of prod is in the picture. Terraform is asked with a provider that makes
    nothing: no account, no credentials, nothing beyond this machine; and only where the code has changed.
    """
    from flaskship.aws.diagrams.draw import draw

    settings = options.current()
    settings.output.kind = "aws-draw"
    _, project = options.load(settings)
    drawn = draw(project, COMMANDS, os.environ, settings.output, again=again or check, write=not check)
    settings.output.answer({**asdict(drawn), "stale": check and bool(drawn.changed)}, _lines(drawn, check))
    if not check or not drawn.changed:
        return 0
    hint = "make diagrams, and commit what it writes"
    failure = Failure("PicturesStale", f"stale: {', '.join(drawn.changed)}", 1, hint=hint)
    settings.output.fail(failure)
    return 1


def _lines(drawn: object, check: bool) -> list[str]:
    from flaskship.aws.diagrams.draw import Drawn

    assert isinstance(drawn, Drawn)
    verb = "would change" if check else "wrote"
    lines = [f"{verb} {path}" for path in drawn.changed] or ["every picture is as it would be drawn now"]
    return [*drawn.reasons, *lines]
