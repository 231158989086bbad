"""A container gets requests before it can answer them."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "readiness-probe"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find serving containers with ports and without a readiness probe."""
    for container in context.serving_containers:
        probe = container.node.at("readinessProbe")
        if container.ports and not probe:
            yield container.fault("has no readinessProbe", probe, "probes.readiness.enabled")
