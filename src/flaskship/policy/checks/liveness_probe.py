"""A container is never restarted when it hangs."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "liveness-probe"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find serving containers with ports and without a liveness probe."""
    for container in context.serving_containers:
        probe = container.node.at("livenessProbe")
        if container.ports and not probe:
            yield container.fault("has no livenessProbe", probe, "probes.liveness.enabled")
