"""A replica is killed before it has finished its requests."""

import base64
import re
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
_OPTION = re.compile(r"(?<!\S)--graceful-timeout[ =]([0-9]+)(?!\S)")


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
    """What the server is told: by its command line before its environment."""
    words = [one.text or "" for part in ("command", "args") for one in container.node.at(part).items()]
    if found := _OPTION.findall(" ".join(words)):
        return int(found[-1])
    # What env says beats what envFrom brings, and comes first.
    if any(one.at("name").text == TIMEOUT for one in container.node.at("env").items()):
        told = [text for name, text, _ in variables(context, container) if name == TIMEOUT][:1]
    else:
        told = list(_of_sources(context, container))
    return _seconds(told[-1]) if told else 0


def _of_sources(context: Context, container: Container) -> Iterator[str]:
    """The time-out from each rendered source, the later the stronger; no other key of a Secret is read."""
    for source in container.node.at("envFrom").items():
        prefix = source.at("prefix").text or ""
        if not TIMEOUT.startswith(prefix):
            continue
        key = TIMEOUT.removeprefix(prefix)
        namespace = container.pod.owner.namespace
        for kind, reference in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
            for maker in context.makers(kind, namespace, source.at(reference, "name").text)[:1]:
                for part in ("stringData", "data"):
                    text = maker.node.at(part, key).text if maker.kind == kind else None
                    if text is not None:
                        yield _decoded(text) if (kind, part) == ("Secret", "data") else text
                        break


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("ascii").strip()
    except ValueError:
        return ""


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
