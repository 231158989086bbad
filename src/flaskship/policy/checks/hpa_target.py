"""An autoscaler scales nothing, or a range of one."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import REPLICATED, Fault

CODE = "hpa-target"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find autoscalers without their workload, and those whose maximum leaves no room."""
    known = {(one.kind, one.name) for one in context.of(*REPLICATED)}
    for scaler in context.of("HorizontalPodAutoscaler"):
        target = scaler.spec.at("scaleTargetRef")
        kind, name = target.at("kind").text, target.at("name").text
        if (kind, name) not in known:
            yield scaler.fault(f"scales {kind} {name}, which is not there", target, "autoscaling")
        most = scaler.spec.at("maxReplicas")
        least = scaler.spec.at("minReplicas").number or 1
        if most.number is not None and most.number <= least:
            message = f"maxReplicas {most.number} leaves no room above minReplicas {least}"
            yield scaler.fault(message, most, "autoscaling.maxReplicas")
