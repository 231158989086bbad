"""A node port is out of range, or taken twice."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault, Object

CODE = "node-port"
SEVERITY = Severity.ERROR
RANGE = range(30000, 32768)


def find(context: Context) -> Iterator[Fault]:
    """Find node ports outside 30000 to 32767, and those of two Services of one cluster."""
    taken: dict[int, str] = {}
    for other in context.neighbours:
        for service, port in _ports(other):
            taken[port.number or 0] = f"{service.name} of {other.environment.name}"
    for service, port in _ports(context):
        number = port.number or 0
        if number not in RANGE:
            message = f"node port {number} is not between {RANGE[0]} and {RANGE[-1]}"
            yield service.fault(message, port, "service.nodePort")
        elif number in taken:
            message = f"node port {number} is taken by {taken[number]}"
            yield service.fault(message, port, "service.nodePort")
        taken[number] = service.name


def _ports(context: Context) -> Iterator[tuple[Object, Node]]:
    for service in context.of("Service"):
        for port in service.spec.at("ports").items():
            if port.at("nodePort").number:
                yield service, port.at("nodePort")
