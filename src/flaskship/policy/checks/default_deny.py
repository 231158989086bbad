"""Whoever is in the cluster may speak to a pod, and a pod to everybody."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.network import isolated
from flaskship.policy.objects import Fault

CODE = "default-deny"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find pods, on a cluster, that no NetworkPolicy isolates in both directions."""
    for pod in context.pods if context.clustered else ():
        open_ways = [way for way in ("Ingress", "Egress") if not isolated(context, pod, way)]
        if open_ways:
            message = f"no NetworkPolicy limits its {' and '.join(open_ways)}"
            yield pod.owner.fault(message, "spec", ".networkPolicy.enabled")
