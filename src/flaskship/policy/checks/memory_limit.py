"""A container may take all the memory of its node."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "memory-limit"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find containers without a limit for memory."""
    for container in context.containers:
        limit = container.node.at("resources", "limits", "memory")
        if limit.content in (None, ""):
            yield container.fault("has no limit for memory", limit, "resources.limits.memory")
