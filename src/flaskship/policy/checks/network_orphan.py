"""A NetworkPolicy protects nothing."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.network import selects
from flaskship.policy.objects import Fault

CODE = "network-orphan"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find policies whose selector picks no pod of the environment."""
    for policy in context.of("NetworkPolicy"):
        selector = policy.spec.at("podSelector")
        if not any(selects(selector, pod) for pod in context.pods):
            yield policy.fault("its podSelector picks no pods", selector, "networkPolicy")
