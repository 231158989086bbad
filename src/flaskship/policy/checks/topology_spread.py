"""All replicas may stand in one zone."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault, matches

CODE = "topology-spread"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find workloads with several replicas, on a cluster, whose pods nothing spreads."""
    for pod in context.serving if context.clustered else ():
        if pod.owner.kind == "DaemonSet" or (context.replicas(pod.owner) or 0) < 2:
            continue
        constraints = pod.spec.at("topologySpreadConstraints")
        selectors = [one.at("labelSelector", "matchLabels").labels for one in constraints.items()]
        if any(matches(selector, pod.labels) for selector in selectors):
            continue
        if not pod.spec.at("affinity", "podAntiAffinity"):
            message = "no constraint that selects its own pods spreads the replicas"
            yield pod.owner.fault(message, constraints, "topologySpread.enabled")
