"""A container sees all of the kernel in /proc."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "proc-mount"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find containers whose procMount is not Default."""
    for container in context.every_container:
        said = container.node.at("securityContext", "procMount")
        if said.text not in (None, "Default"):
            yield container.fault(f"procMount is {said.text}", said)
