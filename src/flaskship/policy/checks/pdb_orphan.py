"""A disruption budget protects nothing."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "pdb-orphan"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find budgets whose selector picks no pods, and those of a single replica."""
    for budget in context.of("PodDisruptionBudget"):
        selector = budget.spec.at("selector", "matchLabels")
        pods = context.selected(selector.labels)
        fewest = [context.replicas(pod.owner) for pod in pods]
        if not pods:
            yield budget.fault("its selector picks no pods", selector, "pdb.enabled")
        elif fewest == [1]:
            setting = context.replicas_setting(pods[0].owner)
            yield budget.fault("guards a single replica: a drain stops it anyway", "spec", setting)
