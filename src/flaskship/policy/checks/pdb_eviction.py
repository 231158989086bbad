"""A broken replica keeps a node from draining."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "pdb-eviction"
SEVERITY = Severity.INFO


def find(context: Context) -> Iterator[Fault]:
    """Find budgets without unhealthyPodEvictionPolicy: AlwaysAllow."""
    for budget in context.of("PodDisruptionBudget"):
        policy = budget.spec.at("unhealthyPodEvictionPolicy")
        if policy.text != "AlwaysAllow":
            yield budget.fault("unhealthyPodEvictionPolicy is not AlwaysAllow", policy, "pdb")
