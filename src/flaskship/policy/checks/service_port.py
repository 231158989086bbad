"""A Service sends requests to a port that its pods do not have."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault, Object

CODE = "service-port"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find target ports, by name or number, that no container of the selected pods declares."""
    for service in context.of("Service"):
        for port in service.spec.at("ports").items():
            yield from _dangling(context, service, port)


def _dangling(context: Context, service: Object, port: Node) -> Iterator[Fault]:
    target = port.at("targetPort") if port.at("targetPort") else port.at("port")
    for pod in context.selected_by(service):
        known = frozenset[int | str]().union(*(container.port_names for container in pod.containers))
        if target.port is not None and target.port not in known:
            shown = ", ".join(sorted(map(str, known))) or "none"
            message = f"sends to port {target.port} of {pod.owner.id}, which declares {shown}"
            yield service.fault(message, target, "service.targetPort")
