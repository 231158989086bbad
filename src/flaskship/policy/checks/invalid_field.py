"""A manifest has a field of the wrong type or value, or lacks a required one."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.kubernetes.validate import Breach
from flaskship.policy.objects import Fault

CODE = "invalid-field"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find what the schema of some supported minor, or of the custom resource, refuses."""
    for one, violation, minors in context.refusals:
        if violation.breach is Breach.INVALID:
            message = f"{violation.path}: {violation.message} (refused by {minors})"
            yield one.fault(message, violation.path)
