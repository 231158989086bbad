"""An autoscaler has nothing to measure against."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import REPLICATED, Fault

CODE = "hpa-requests"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find utilisation targets for a resource that a container of the target does not request."""
    for workload in context.of(*REPLICATED):
        scaler = context.scaler(workload)
        if scaler is None or workload.pod is None:
            continue
        for metric in scaler.spec.at("metrics").items():
            name = metric.at("resource", "name").text
            utilised = metric.at("resource", "target", "type").text == "Utilization"
            for container in workload.pod.containers if name and utilised else ():
                if not container.node.at("resources", "requests", name or ""):
                    message = f"scales on {name}, and container {container.name} requests none"
                    yield scaler.fault(message, metric, f"resources.requests.{name}")
