"""A disruption budget allows no disruption."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault

CODE = "pdb-blocks"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find budgets of zero, and those that want as many pods as there are."""
    for budget in context.of("PodDisruptionBudget"):
        most, least = budget.spec.at("maxUnavailable"), budget.spec.at("minAvailable")
        if most.content in (0, "0", "0%"):
            yield budget.fault("maxUnavailable 0 blocks every drain of a node", most, "pdb.maxUnavailable")
        pods = context.selected(budget.spec.at("selector", "matchLabels").labels)
        fewest = sum(context.replicas(pod.owner) or 0 for pod in pods)
        if least and _at_least(least, fewest):
            message = f"minAvailable {least.content} of {fewest} replicas blocks every drain of a node"
            yield budget.fault(message, least, "pdb")


def _at_least(least: Node, fewest: int) -> bool:
    if least.text is not None and least.text.endswith("%"):
        return least.text == "100%"
    return least.number is not None and fewest > 0 and least.number >= fewest
