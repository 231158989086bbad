"""A node's drain may take every replica at once."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import SERVING, Fault

CODE = "pdb-missing"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find workloads with several replicas, on a cluster, that no disruption budget selects."""
    if not context.clustered:
        return
    budgets = [one.spec.at("selector", "matchLabels").labels for one in context.of("PodDisruptionBudget")]
    guarded = {pod.owner for budget in budgets for pod in context.selected(budget)}
    for workload in context.of(*SERVING):
        several = (context.replicas(workload) or 0) > 1
        if several and workload not in guarded:
            yield workload.fault("has several replicas and no PodDisruptionBudget", "spec", "pdb.enabled")
