"""A manifest has a field that Kubernetes does not know."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.kubernetes.refused import refusals
from flaskship.policy.kubernetes.validate import Breach
from flaskship.policy.objects import Fault

CODE = "unknown-field"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find fields that some supported minor, or the custom resource, does not have."""
    for one in context.objects:
        yield from refusals(one, Breach.UNKNOWN)
