"""The options that work before and after the name of every command."""

from collections.abc import Callable, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flaskship.model.frozen import dataclass

if TYPE_CHECKING:
    from flaskship.cli.output import Output
    from flaskship.tasks.world import World

OUTPUTS = ("text", "json")


@dataclass(slots=True)
class Settings:
    """What the global options say, and what the commands work with."""

    world: "Callable[[], World]"
    output: "Output"
    project: Path | None = None


def global_options(command: Callable[..., Any], outputs: Sequence[str] = OUTPUTS) -> Callable[..., Any]:
    """Give a command the global options; what stands after its name wins over what stands before."""

    def invoke(*args: Any, project: Path | None, output: str | None, quiet: bool, **kwargs: Any) -> Any:
        settings = click.get_current_context().find_object(Settings)
        assert settings is not None
        settings.project = project or settings.project
        settings.output.configure(output, quiet)
        return command(*args, **kwargs)

    wrapped: Callable[..., Any] = update_wrapper(invoke, command)
    for option in reversed(_options(outputs)):
        wrapped = option(wrapped)
    return wrapped


def _options(outputs: Sequence[str]) -> Sequence[Callable[..., Any]]:
    shown = f"{', '.join(outputs[:-1])} or {outputs[-1]}"
    return (
        click.option(
            "--project",
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="The project's folder; the nearest with a flaskship.yaml otherwise.",
        ),
        click.option("-o", "--output", type=click.Choice(outputs), help=f"How to print the result: {shown}."),
        click.option("--quiet", is_flag=True, help="Print errors and the result only."),
    )


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, even where it is otherwise wrong."""
    wanted = False
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument in ("-o", "--output"):
            wanted = "json" in arguments[index + 1 : index + 2]
        elif argument.startswith(("--output=", "-o")) and not argument.startswith("--o="):
            value = argument.removeprefix("--output=").removeprefix("-o")
            wanted = value.removeprefix("=") == "json"
    return wanted
