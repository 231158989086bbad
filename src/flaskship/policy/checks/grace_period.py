"""A replica is killed before it has finished its requests."""

from collections.abc import Iterator

from flaskship.policy.configuration import variables
from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Container, Fault

CODE = "grace-period"
SEVERITY = Severity.ERROR
DEFAULT_GRACE = 30
RESERVE = 5
TIMEOUT = "GRACEFUL_TIMEOUT"


def find(context: Context) -> Iterator[Fault]:
    """Find pods whose grace is shorter than preStop, the server's graceful timeout and a reserve."""
    for pod in context.serving:
        grace = pod.spec.at("terminationGracePeriodSeconds")
        given = DEFAULT_GRACE if grace.number is None else grace.number
        for container in pod.containers:
            if not container.ports:
                continue
            pause = container.node.at("lifecycle", "preStop", "sleep", "seconds").number or 0
            timeout = _timeout(context, container)
            needed = pause + timeout + RESERVE
            if given < needed:
                message = f"grace of {given} s is less than preStop {pause} + timeout {timeout} + {RESERVE}"
                yield container.fault(message, grace, "terminationGracePeriodSeconds")


def _timeout(context: Context, container: Container) -> int:
    # What env says beats what envFrom brings, and comes first.
    for name, text, _ in variables(context, container):
        if name == TIMEOUT:
            return _seconds(text)
    return 0


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
