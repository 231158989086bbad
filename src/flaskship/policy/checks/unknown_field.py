"""A manifest has a field that Kubernetes does not know."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.kubernetes.validate import Breach
from flaskship.policy.objects import Fault

CODE = "unknown-field"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find fields that some supported minor, or the custom resource, does not have."""
    for one, violation, minors in context.refusals:
        if violation.breach is Breach.UNKNOWN:
            message = f"{violation.path}: {violation.message} (refused by {minors})"
            yield one.fault(message, violation.path)
