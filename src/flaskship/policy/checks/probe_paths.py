"""Readiness and liveness ask the same question."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "probe-paths"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find containers whose liveness probe asks the same path and port as their readiness probe."""
    for container in context.serving_containers:
        live = container.node.at("livenessProbe", "httpGet")
        ready = container.node.at("readinessProbe", "httpGet")
        path = live.at("path")
        same = (path.text, live.at("port").port) == (ready.at("path").text, ready.at("port").port)
        if path and same:
            message = f"liveness and readiness both ask {path.text}"
            yield container.fault(message, path, "probes.liveness.path")
