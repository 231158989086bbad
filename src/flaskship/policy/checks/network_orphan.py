"""A NetworkPolicy protects nothing."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "network-orphan"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find policies whose selector picks no pod of the environment."""
    busy = {policy for policies in context.policies.values() for policy in policies}
    for policy in context.of("NetworkPolicy"):
        if policy not in busy:
            at = policy.spec.at("podSelector")
            yield policy.fault("its podSelector picks no pods", at, "networkPolicy")
