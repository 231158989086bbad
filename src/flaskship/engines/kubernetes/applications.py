"""The Applications of Argo CD that a cluster shows."""

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.resources import Resource
from flaskship.model.errors import PreflightError
from flaskship.model.project import Environment
from flaskship.model.release import Document

APPLICATIONS = Resource("argoproj.io/v1alpha1", "Application", "applications")


async def list_applications(environment: Environment, kubeconfig: str | None = None) -> tuple[Document, ...]:
    """Return the Applications of all namespaces; PreflightError where the cluster has no such kind."""
    if environment.context is None:
        raise PreflightError(
            f"{environment.name} names no context", hint="add context: to it, or name one with --context"
        )
    cluster = Cluster.of(environment.context, kubeconfig)
    try:
        return (await cluster.list(APPLICATIONS)).items
    except NotFoundError:
        raise PreflightError(
            f"the cluster {environment.context} knows no Application of Argo CD",
            hint="Argo CD runs in another cluster, or is not installed",
        ) from None
    finally:
        await cluster.close()
