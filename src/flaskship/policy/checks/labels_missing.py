"""An object cannot be told by its labels."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import SERVING, Fault

CODE = "labels-missing"
SEVERITY = Severity.WARNING
WANTED = ("app.kubernetes.io/name", "app.kubernetes.io/instance")


def find(context: Context) -> Iterator[Fault]:
    """Find workloads, Services and pod templates without the two labels that selectors here rely on."""
    for one in context.of(*SERVING, "Service"):
        labels = one.node.at("metadata", "labels")
        if missing := [label for label in WANTED if label not in labels.labels]:
            yield one.fault(f"has no label {' and '.join(missing)}", labels)
    for pod in context.serving:
        if missing := [label for label in WANTED if label not in pod.labels]:
            at = pod.node.at("metadata", "labels")
            yield pod.owner.fault(f"its pods have no label {' and '.join(missing)}", at)
