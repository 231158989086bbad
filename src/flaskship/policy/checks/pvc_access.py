"""Several replicas share a volume that one node may mount."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault

CODE = "pvc-access"
SEVERITY = Severity.WARNING
SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})


def find(context: Context) -> Iterator[Fault]:
    """Find claims of one node that, on a cluster, several pods mount."""
    if not context.clustered:
        return
    mounted = [(pod, _claims(pod.spec.at("volumes").items())) for pod in context.serving]
    for claim in context.of("PersistentVolumeClaim"):
        modes = claim.spec.at("accessModes")
        users = [pod for pod, claims in mounted if claim.name in claims]
        count = sum(context.replicas(pod.owner) or 1 for pod in users)
        if users and count > 1 and not SHARED & frozenset(modes.texts):
            message = f"{' '.join(modes.texts) or 'no access mode'}, and {count} pods mount it"
            yield claim.fault(message, modes, ".persistence")


def _claims(volumes: Iterator[Node]) -> set[str | None]:
    return {volume.at("persistentVolumeClaim", "claimName").text for volume in volumes}
