"""A list has two entries of one name."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.kubernetes.validate import Breach
from flaskship.policy.objects import Fault

CODE = "duplicate-entry"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find variables, ports, volumes and the like that stand twice in their list."""
    for one, violation, minors in context.refusals:
        if violation.breach is Breach.DUPLICATE:
            message = f"{violation.path}: {violation.message} (refused by {minors})"
            yield one.fault(message, violation.path)
