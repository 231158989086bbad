"""flaskship rightsize."""

from collections.abc import Iterator
from typing import Any

import click

from flaskship.cli import options
from flaskship.cli.clean import near
from flaskship.cli.numbers import Number
from flaskship.cli.running import tell
from flaskship.cli.screens import table
from flaskship.cli.settings import global_options
from flaskship.model.errors import PreflightError
from flaskship.model.quantity import format_bytes
from flaskship.tasks import rightsize as story
from flaskship.tasks.targets import start_hint

WARNING = "measured for {seconds:g} s under the load of now: look at a busy hour before you change anything"


@click.command("rightsize")
@options.environment_argument
@click.option(
    "--seconds",
    type=Number(min=1),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Look for so long.",
)
@options.engine_options
@global_options
def command(env: str, seconds: float, engine: str | None, context: str | None) -> int:
    """Compare what the replicas of ENV use with what they ask for, and print the values that would fit."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)
    sized = tell(story.rightsize(world, project, environment, seconds, settings.output, engine))
    if len(sized.unmeasured) == len(sized.replicas):
        hint = start_hint(sized.engine, env, environment.named)
        raise PreflightError(f"{env} runs nowhere on {sized.engine} that could be measured", hint=hint)
    values = str(project.chart.relative_to(project.root) / f"values-{env}.yaml")
    settings.output.answer(document(sized, seconds, values), screen(sized, seconds, values))
    return 0


def screen(sized: story.Sized, seconds: float, values: str) -> Iterator[str]:
    """What is used beside what is asked for, then the lines that would fit."""
    yield f"{sized.environment}  on {sized.engine}"
    yield ""
    yield from table(
        ("APPLICATION", "REPLICAS", "WHAT", "USED", "ASKED", "FITS", "SET AT"),
        [
            (
                fit.application,
                str(sized.replicas[fit.application]),
                fit.kind,
                amount(fit.kind, fit.used),
                amount(fit.kind, fit.asked),
                "as it is" if fit.fitting is None else fit.text,
                near(fit.set_at) if fit.set_at else "-",
            )
            for fit in sized.fits
        ],
    )
    changes = [fit for fit in sized.fits if fit.fitting is not None]
    if changes:
        yield ""
        yield f"in {values}, or by --set:"
        yield from (f"  {fit.path}={fit.text}" for fit in changes)
    yield ""
    yield from (f"{name}: no replica could be measured" for name in sized.unmeasured)
    yield WARNING.format(seconds=seconds)


def document(sized: story.Sized, seconds: float, values: str) -> dict[str, Any]:
    """The same as fields; CPU in thousandths of a core, memory in bytes."""
    return {
        "environment": sized.environment,
        "engine": sized.engine,
        "seconds": seconds,
        "values": values,
        "requests": [
            {
                "application": fit.application,
                "replicas": sized.replicas[fit.application],
                "resource": fit.kind,
                "used": fit.used,
                "asked": fit.asked,
                "fits": None if fit.fitting is None else {"path": fit.path, "value": fit.text},
                "set_at": {"file": fit.set_at.file, "line": fit.set_at.line} if fit.set_at else None,
            }
            for fit in sized.fits
        ],
        "unmeasured": list(sized.unmeasured),
    }


def amount(kind: str, count: int | None) -> str:
    """Return an amount for people."""
    if count is None:
        return "-"
    return f"{count}m" if kind == "cpu" else format_bytes(count)
