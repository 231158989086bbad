"""A replica is killed before it has finished its requests."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Container, Fault, Pod

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
            timeout = _timeout(context, pod, container)
            needed = pause + timeout + RESERVE
            if given < needed:
                message = f"grace of {given} s is less than preStop {pause} + timeout {timeout} + {RESERVE}"
                yield container.fault(message, grace, "terminationGracePeriodSeconds")


def _timeout(context: Context, pod: Pod, container: Container) -> int:
    for variable in container.node.at("env").items():
        if variable.at("name").text == TIMEOUT:
            return _seconds(variable.at("value").text)
    for source in container.node.at("envFrom").items():
        name = source.at("configMapRef", "name").text
        for one in context.of("ConfigMap"):
            if name == one.name and one.namespace == pod.owner.namespace:
                said = one.node.at("data", TIMEOUT).text
                if said is not None:
                    return _seconds(said)
    return 0


def _seconds(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
