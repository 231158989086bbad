"""A container may run as root."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "run-as-non-root"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find containers whose security context does not say runAsNonRoot: true."""
    for container in context.every_container:
        said = container.security("runAsNonRoot")
        if said.truth is not True:
            yield container.fault("runAsNonRoot is not true, so it may run as root", said)
