"""A container runs with a user id that may be somebody on the node."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "high-uid"
SEVERITY = Severity.WARNING
LOWEST = 10_000


def find(context: Context) -> Iterator[Fault]:
    """Find containers without a numeric user, or with one below 10000."""
    for container in context.every_container:
        said = container.security("runAsUser")
        uid = said.number
        if uid is None:
            yield container.fault("runAsUser is not set, so the image chooses the user", said)
        elif uid < LOWEST:
            yield container.fault(f"runAsUser {uid} is below {LOWEST}", said)
