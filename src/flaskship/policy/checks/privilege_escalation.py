"""A container may gain rights that its parent lacks."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "privilege-escalation"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find containers that are privileged, or whose allowPrivilegeEscalation is not false."""
    for container in context.every_container:
        privileged = container.node.at("securityContext", "privileged")
        allowed = container.node.at("securityContext", "allowPrivilegeEscalation")
        if privileged.truth is True:
            yield container.fault("is privileged: it has every right on the node", privileged)
        elif allowed.truth is not False:
            yield container.fault("allowPrivilegeEscalation is not false", allowed)
