"""A probe or lifecycle hook asks another host than its pod."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "handler-host"
SEVERITY = Severity.ERROR
HANDLERS = (
    ("startupProbe",),
    ("readinessProbe",),
    ("livenessProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


def find(context: Context) -> Iterator[Fault]:
    """Find probes and hooks with a host of their own."""
    for container in context.every_container:
        for handler in HANDLERS:
            for way in ("httpGet", "tcpSocket"):
                host = container.node.at(*handler, way, "host")
                if host.text:
                    yield container.fault(f"{'.'.join(handler)} asks host {host.text}", host)
