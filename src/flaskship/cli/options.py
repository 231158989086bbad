"""Options and arguments that several commands share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from flaskship.chart.masking import GENERATED, MASK, is_secret_name, shown
from flaskship.cli.numbers import Number
from flaskship.cli.settings import Settings
from flaskship.model.errors import ConfigurationError
from flaskship.model.named import Named
from flaskship.model.project import Environment, Project
from flaskship.tasks.world import World

Command = Callable[..., Any]

environment_argument = click.argument("env", metavar="ENV")
timeout_option = click.option(
    "--timeout", type=Number(min=0), metavar="S", help="Give up after S seconds (exit 70)."
)
lock_timeout_option = click.option(
    "--lock-timeout",
    type=Number(min=0),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Wait this long for another writer (then exit 5).",
)
take_over_option = click.option(
    "--take-over",
    metavar="REASON",
    help="Write although another writer (Argo CD, Terraform) has ENV on its cluster, and say why.",
)
reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for the history.")


def push_options(command: Command) -> Command:
    """Let the user bring a commit to the remote, where Git is the way to the cluster."""
    push = click.option(
        "--push",
        is_flag=True,
        help="Push the commit too (writer argocd), and follow Argo CD until it is applied.",
    )
    patience = click.option(
        "--sync-timeout",
        type=Number(min=0),
        default=300.0,
        show_default=True,
        metavar="S",
        help="Follow Argo CD this long.",
    )
    chosen: Command = push(patience(command))
    return chosen


def _engine_options(otherwise: str) -> Callable[[Command], Command]:
    def let_say(command: Command) -> Command:
        engine = click.option(
            "--engine",
            type=click.Choice(["local", "kubernetes"]),
            help=f"Which engine is meant; {otherwise}.",
        )
        context = click.option("--context", metavar="NAME", help="The cluster's context, on Kubernetes.")
        chosen: Command = engine(context(command))
        return chosen

    return let_say


engine_options = _engine_options("flaskship.yaml says it otherwise")
"""Let the user say which engine is meant."""
ending_options = _engine_options("without it, local, whatever flaskship.yaml says")
"""The same for what ends an environment: no cluster is meant that was not named."""


def values_options(command: Command) -> Command:
    """Let the user add values above those of the environment."""
    files = click.option(
        "-f",
        "--values",
        "files",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Values above the environment's own; may be repeated.",
    )
    sets = click.option(
        "--set", "sets", multiple=True, metavar="K=V", help="One value, in Helm's syntax; may be repeated."
    )
    chosen: Command = files(sets(command))
    return chosen


def masked_set(given: str) -> str:
    """Return a --set as it may be shown: what is a secret by its name or its form is masked."""
    key, sign, value = given.partition("=")
    secret = is_secret_name(key.rpartition(".")[2]) or key.startswith(".".join(GENERATED))
    return f"{key}{sign}{MASK if secret else shown(value)}"


def current() -> Settings:
    """Return the settings of this command line."""
    settings = click.get_current_context().find_object(Settings)
    assert settings is not None
    return settings


def load(settings: Settings) -> tuple[World, Project]:
    """Return the world and the project of this command line."""
    world = settings.world()
    return world, world.load_project(settings.project or Path.cwd())


def choose(
    project: Project,
    name: str,
    engine: str | None = None,
    context: str | None = None,
    *,
    files: Sequence[Path] = (),
    sets: Sequence[str] = (),
) -> Environment:
    """Return the environment of that name, with what the user names for it instead."""
    line = click.get_current_context(silent=True)
    settings = line.find_object(Settings) if line is not None else None
    folder = settings.project if settings is not None else None
    named = Named(
        engine,
        context,
        str(folder) if folder else None,
        tuple(map(str, files)),
        tuple(masked_set(one) for one in sets),
    )
    environment = replace(project.environment(name), named=named)
    if context is None:
        return environment
    if (engine or environment.engine) == "local":
        raise ConfigurationError(
            f"--context {context}: the local engine has no context",
            hint="leave it out, or say --engine kubernetes",
        )
    return replace(environment, context=context)
