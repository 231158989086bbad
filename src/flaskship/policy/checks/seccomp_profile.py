"""A container may use every system call of the kernel."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "seccomp-profile"
SEVERITY = Severity.ERROR
SAFE = ("RuntimeDefault", "Localhost")


def find(context: Context) -> Iterator[Fault]:
    """Find containers without a seccomp profile of their own or their pod's."""
    for container in context.every_container:
        kind = container.security("seccompProfile").at("type")
        if kind.text not in SAFE:
            shown = kind.text or "not set"
            yield container.fault(f"seccompProfile.type is {shown}", kind)
