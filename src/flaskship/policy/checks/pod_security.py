"""A namespace does not insist on the restricted Pod Security standard."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "pod-security"
SEVERITY = Severity.WARNING
LABEL = "pod-security.kubernetes.io/enforce"


def find(context: Context) -> Iterator[Fault]:
    """Find rendered Namespaces without the label that enforces restricted."""
    for namespace in context.of("Namespace"):
        if namespace.labels.get(LABEL) != "restricted":
            at = namespace.node.at("metadata", "labels", LABEL)
            yield namespace.fault(f"{LABEL} is not restricted", at, ".namespace")
