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
    if not environment.context:
        raise PreflightError(
            f"{environment.name} names no cluster: neither flaskship.yaml nor --context says which",
            hint=f"add --context NAME, or context: NAME to {environment.name} in flaskship.yaml; "
            "whatever kubectl points at is never taken",
        )
    from flaskship.engines.kubernetes.client import Cluster
    from flaskship.engines.kubernetes.engine import KubernetesEngine
    from flaskship.engines.kubernetes.place import Place

    # What was named is the cluster of all places of this engine.
    places = (Place(one.name, one.release, one.namespace, environment.named) for one in project.environments)
    return KubernetesEngine(Cluster.of(environment.context), places)
