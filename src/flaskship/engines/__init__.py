"""Where a release can run: a literal registry of the engines."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the spawner passes through here on its way in, and has no room for these
    from flaskship.engines.base import Engine
    from flaskship.model.project import Environment, Project

NAMES = ("local", "kubernetes")


def open_engine(project: "Project", environment: "Environment", name: str) -> "Engine":
    """Return the engine of that name for an environment; PreflightError where it cannot be had."""
    from flaskship.model.errors import PreflightError

    if name == "local":
        from flaskship.engines.local.engine import LocalEngine

        return LocalEngine(project.root)
    raise PreflightError(
        f"{environment.name} names the engine {name}, and this version deploys to this machine only",
        hint=f"Run it here with: flaskship up {environment.name} (or --engine local).",
    )
