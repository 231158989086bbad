"""A probe needs more successes than Kubernetes allows."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "probe-success"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find liveness and startup probes whose successThreshold is not 1."""
    for container in context.containers:
        for name in ("liveness", "startup"):
            said = container.node.at(f"{name}Probe", "successThreshold")
            if said.number not in (None, 1):
                message = f"{name}Probe.successThreshold is {said.number}, and must be 1"
                yield container.fault(message, said, f"probes.{name}.successThreshold")
