"""Explain: which layers of values set a path, the winner last."""

from collections.abc import Sequence
from pathlib import Path

from flaskship.model.frozen import dataclass
from flaskship.model.project import Environment, Project
from flaskship.tasks.world import Setting, World


@dataclass(frozen=True, slots=True)
class Part:
    """One value below the path, with the layer that won."""

    path: str
    winner: Setting


@dataclass(frozen=True, slots=True)
class Explained:
    """Every layer that set a path, the winner last; its values one by one; the nearest where it is not."""

    path: str
    present: bool
    origins: tuple[Setting, ...]
    parts: tuple[Part, ...] = ()
    nearest: str | None = None
    implied: str | None = None
    known: tuple[str, ...] = ()
    """Of a path that is not there: what stands at the level where it ends to be there."""


def explain(
    world: World,
    project: Project,
    environment: Environment,
    path: str,
    files: Sequence[Path],
    sets: Sequence[str],
) -> Explained:
    """Return every layer that set the path, in the order of their weight, and what stands below it."""
    layered = world.layer_values(project, environment, files, sets)
    around = world.around(layered, path)
    if not around.present:
        # What deletes a path is told; what others would inherit under a name that is not there is not.
        told = tuple(one for one in world.origins(layered, path) if one.path == path)
        return Explained(
            path,
            present=False,
            origins=told,
            nearest=around.nearest,
            implied=around.implied,
            known=around.known,
        )
    parts = [Part(below, found[-1]) for below in around.below if (found := world.origins(layered, below))]
    origins = world.origins(layered, path)
    return Explained(
        path, present=True, origins=origins, parts=tuple(parts), implied=None if origins else around.implied
    )
