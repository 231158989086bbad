"""Explain: which layers of values set a path, the winner last."""

from collections.abc import Sequence
from pathlib import Path

from flaskship.model.project import Environment, Project
from flaskship.tasks.world import Setting, World


def explain(
    world: World,
    project: Project,
    environment: Environment,
    path: str,
    files: Sequence[Path],
    sets: Sequence[str],
) -> tuple[Setting, ...]:
    """Return every layer that set the path, in the order of their weight; empty where none did."""
    return world.origins(world.layer_values(project, environment, files, sets), path)
