"""An object is meant for another namespace than its environment's."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "namespace-mismatch"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find objects that name another namespace, or default."""
    for one in context.objects:
        at = one.node.at("metadata", "namespace")
        if at.text is not None and at.text != context.environment.namespace:
            message = f"goes to {at.text}, not to {context.environment.namespace}"
            yield one.fault(message, at)
