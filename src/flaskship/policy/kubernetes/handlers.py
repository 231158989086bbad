"""What an API server refuses of probes and of hooks of a container's life."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.forms import (
    Form,
    Forms,
    invalid,
    named,
    needs,
    port,
    refused_by,
    sole,
    within,
)
from flaskship.policy.kubernetes.validate import Violation
from flaskship.policy.node import Node

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HOOKS = ("postStart", "preStop")
GRACE = 30
"""The seconds of grace of a pod that names none."""
_ASKS = ("exec", "httpGet", "tcpSocket", "grpc")
_DOES = ("exec", "httpGet", "tcpSocket", "sleep")


_HEADER = re.compile(r"[-A-Za-z0-9]+")
_NUMBERS: Forms = (
    ("initialDelaySeconds", within(0)),
    ("timeoutSeconds", within(0)),
    ("periodSeconds", within(0)),
    ("successThreshold", within(0)),
    ("failureThreshold", within(0)),
    ("terminationGracePeriodSeconds", within(1)),
)


def _handler(kinds: tuple[str, ...]) -> tuple[tuple[str, Form], ...]:
    return (
        ("", sole("handler", kinds)),
        ("exec", needs("command")),
        ("httpGet.port", port),
        ("tcpSocket.port", port),
        ("grpc.port", port),
        ("httpGet.httpHeaders[].name", named(_HEADER, "name of a header")),
    )


def refused_of_handlers(spec: Node, container: Node) -> Iterator[Violation]:
    """Every violation of a container's probes and hooks."""
    for probe in PROBES:
        if isinstance(container.at(probe).content, dict):
            yield from refused_by((*_handler(_ASKS), *_NUMBERS), container.at(probe))
    given = container.at("readinessProbe", "terminationGracePeriodSeconds")
    if given:
        yield invalid(given, "belongs to no readinessProbe, which ends nothing")
    grace = spec.at("terminationGracePeriodSeconds").number
    for hook in HOOKS:
        at = container.at("lifecycle", hook)
        if isinstance(at.content, dict):
            yield from refused_by(_handler(_DOES), at)
            seconds = at.at("sleep", "seconds")
            longest = GRACE if grace is None else grace
            if seconds.number is not None and not 0 <= seconds.number <= longest:
                yield invalid(
                    seconds,
                    f"{seconds.number} is not 0 to {longest}, the pod's terminationGracePeriodSeconds",
                )
