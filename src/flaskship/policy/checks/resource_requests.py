"""A container does not say what it needs."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "resource-requests"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find containers without requests for processor and memory."""
    for container in context.containers:
        requests = container.node.at("resources", "requests")
        for name in ("cpu", "memory"):
            if requests.at(name).content in (None, ""):
                message = f"has no request for {name}"
                yield container.fault(message, requests.at(name), f"resources.requests.{name}")
