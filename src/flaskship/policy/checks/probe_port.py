"""A probe asks a port that its container does not declare."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Container, Fault

CODE = "probe-port"
SEVERITY = Severity.ERROR
PROBES = {"startupProbe": "startup", "readinessProbe": "readiness", "livenessProbe": "liveness"}
WAYS = ("httpGet", "tcpSocket", "grpc")


def find(context: Context) -> Iterator[Fault]:
    """Find probes of unknown ports."""
    for container in context.containers:
        for name, key in PROBES.items():
            yield from _probe(container, name, key)


def _probe(container: Container, name: str, key: str) -> Iterator[Fault]:
    for way in WAYS:
        port = container.node.at(name, way, "port")
        if port.port is not None and port.port not in container.port_names:
            known = ", ".join(sorted(map(str, container.port_names))) or "none"
            message = f"{name} asks port {port.port}; declared: {known}"
            yield container.fault(message, port, f"probes.{key}")
