"""A workload does not select its own pods."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import SERVING, Fault, matches

CODE = "selector-mismatch"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find selectors that miss their template's labels, or that pick another workload's pods too."""
    for workload in context.of(*SERVING, "ReplicaSet"):
        at = workload.spec.at("selector", "matchLabels")
        if workload.pod is None or not at:
            continue
        if not matches(at.labels, workload.pod.labels):
            yield workload.fault("its selector misses the labels of its own pods", at)
        for pod in context.selected(at.labels):
            if pod.owner is not workload and pod.owner.namespace == workload.namespace:
                yield workload.fault(f"its selector picks the pods of {pod.owner.id} too", at)
