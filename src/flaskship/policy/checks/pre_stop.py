"""A replica stops before the load balancer knows."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "pre-stop"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find containers behind a Service, on a cluster, without a pause before SIGTERM."""
    if not context.clustered:
        return
    behind = {pod for service in context.of("Service") for pod in context.selected_by(service)}
    for pod in context.serving:
        for container in pod.containers if pod in behind else ():
            hook = container.node.at("lifecycle", "preStop")
            if container.ports and not hook:
                yield container.fault("has no preStop pause", hook, "preStopSeconds")
