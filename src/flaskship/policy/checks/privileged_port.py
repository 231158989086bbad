"""A container listens on a port that only root may open."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "privileged-port"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find container ports below 1024 without the capability to bind them."""
    for container in context.containers:
        added = container.node.at("securityContext", "capabilities", "add").texts
        for port in container.ports:
            number = port.at("containerPort")
            if number.number is not None and 0 < number.number < 1024 and "NET_BIND_SERVICE" not in added:
                message = f"listens on port {number.number}, below 1024, without root"
                yield container.fault(message, number, "service.targetPort")
