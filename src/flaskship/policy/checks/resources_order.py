"""A container asks for more than it may have."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault
from flaskship.policy.quantity import quantity

CODE = "resources-order"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find requests above the limit of the same resource."""
    for container in context.every_container:
        resources = container.node.at("resources")
        for name, asked in resources.at("requests").entries():
            limit = resources.at("limits").at(name)
            least, most = quantity(asked), quantity(limit)
            if least is not None and most is not None and least > most:
                message = f"asks for {asked.content} of {name}, above its limit {limit.content}"
                yield container.fault(message, asked, f"resources.requests.{name}")
