"""A host and path is served twice."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault, Object

CODE = "ingress-host"
SEVERITY = Severity.ERROR
WRITER = "flaskship.dev/writer"
"""What every object of the chart's own has."""


def find(context: Context) -> Iterator[Fault]:
    """Find a host's path in two rules of an environment, or in two environments."""
    taken: dict[tuple[str, str], str] = {}
    for other in context.others:
        for ingress, rule, path in _routes(other):
            taken[_key(rule, path)] = f"{ingress.name} of {other.environment.name}"
    # Of two the one is blamed that somebody wrote whole, and not the chart's.
    for ingress, rule, path in sorted(_routes(context), key=lambda one: WRITER not in one[0].annotations):
        key = _key(rule, path)
        if key in taken:
            message = f"{key[0] or 'every host'}{key[1]} is served by {taken[key]} too"
            yield ingress.fault(message, rule.at("host"), ".ingress.domain")
        taken[key] = ingress.name


def _routes(context: Context) -> Iterator[tuple[Object, Node, Node]]:
    for ingress in context.of("Ingress"):
        for rule in ingress.spec.at("rules").items():
            for path in rule.at("http", "paths").items():
                yield ingress, rule, path


def _key(rule: Node, path: Node) -> tuple[str, str]:
    return rule.at("host").text or "", path.at("path").text or "/"
