"""A container, pod or claim asks for more than it may have."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault
from flaskship.policy.quantity import quantity

CODE = "resources-order"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find requests above the limit of the same resource."""
    for container in context.every_container:
        for message, at, setting in _above(container.node.at("resources")):
            yield container.fault(message, at, setting)
    for pod in context.pods:
        for message, at, _ in _above(pod.spec.at("resources")):
            yield pod.owner.fault(message, at)
    for one in context.objects:
        claims = [one.spec] if one.kind == "PersistentVolumeClaim" else []
        claims += [claim.at("spec") for claim in one.spec.at("volumeClaimTemplates").items()]
        for claim in claims:
            for message, at, _ in _above(claim.at("resources")):
                yield one.fault(message, at)


def _above(resources: Node) -> Iterator[tuple[str, Node, str]]:
    for name, asked in resources.at("requests").entries():
        limit = resources.at("limits").at(name)
        least, most = quantity(asked), quantity(limit)
        if least is not None and most is not None and least > most:
            message = f"asks for {asked.content} of {name}, above its limit {limit.content}"
            yield message, asked, f"resources.requests.{name}"
