"""From a command line to an exit code: whatever happens, one message and no traceback."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaskship import __version__
from flaskship.cli.commands import COMMANDS, LazyCommands
from flaskship.cli.output import Failure, Output
from flaskship.cli.settings import Settings, global_options, wants_json
from flaskship.model.errors import FlaskshipError

if TYPE_CHECKING:
    from flaskship.tasks.world import World

INTERRUPTED = 130


def _show_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked:
        settings = ctx.find_object(Settings)
        assert settings is not None
        settings.output.kind = "version"
        settings.output.answer({"version": __version__}, [f"flaskship {__version__}"])
        ctx.exit()


@click.group(
    cls=LazyCommands,
    name="flaskship",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
@global_options
def cli() -> None:
    """Take a team's Flask applications from a laptop to production with the same files."""


def run(
    arguments: Sequence[str], world: "Callable[[], World] | None" = None, output: Output | None = None
) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    output = output or Output.of_process()
    output.kind = next((argument for argument in arguments if argument in COMMANDS), "error")
    if wants_json(arguments):
        output.configure("json", False)
    settings = Settings(world or _real_world, output)
    try:
        try:
            code = cli.main(args=list(arguments), prog_name="flaskship", standalone_mode=False, obj=settings)
        except BaseException as error:
            code = _failed(error, output, settings)
        output.finish()
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _real_world() -> "World":
    from flaskship.cli.wiring import real_world

    return real_world()


def _failed(error: BaseException, output: Output, settings: Settings) -> int:
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case SystemExit():
            return error.code if isinstance(error.code, int) else 1
        case FlaskshipError():
            evidence = tuple(str(line) for line in getattr(error, "output", ()))
            failure = Failure(
                error.code, error.message, error.exit_code, error.location, error.hint, evidence
            )
            parts = tuple(
                Failure(one.code, one.message, one.exit_code, one.location, one.hint) for one in error.parts
            )
            failure = replace(failure, parts=parts)
            if listed := getattr(error, "listed", ()):
                failure = replace(failure, evidence=tuple(listed), long=True)
        case click.UsageError():
            failure = Failure("UsageInvalid", error.format_message(), 2, hint=_usage_hint(error))
        case click.ClickException():
            failure = Failure("UsageInvalid", error.format_message(), 2)
        case KeyboardInterrupt() | click.Abort():
            failure = Failure("Interrupted", "interrupted", INTERRUPTED)
        case BrokenPipeError():
            return 0
        case BaseExceptionGroup() if len(error.exceptions) == 1:
            return _failed(error.exceptions[0], output, settings)
        case _:
            failure = _crashed(error, settings)
    output.fail(failure)
    return failure.exit_code


def _usage_hint(error: click.UsageError) -> str | None:
    return f"see: {error.ctx.command_path} --help" if error.ctx else None


def _crashed(error: BaseException, settings: Settings) -> Failure:
    from flaskship.cli.crash import write_report

    kind = type(error).__name__
    where = None
    with contextlib.suppress(OSError):
        where = write_report(error, settings.project or Path.cwd())
    hint = f"the details are in {where}" if where else "the details could not be written to a file"
    return Failure("Unexpected", f"flaskship met an error of its own ({kind})", 1, hint=hint)
