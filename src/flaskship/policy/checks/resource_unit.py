"""An amount of memory or processors is that of another unit."""

from collections.abc import Iterator
from decimal import Decimal

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault
from flaskship.policy.quantity import quantity

CODE = "resource-unit"
SEVERITY = Severity.ERROR
LEAST_MEMORY = Decimal(1024 * 1024)
"""Less than a container's first process needs."""
MOST_PROCESSORS = Decimal(100)
"""As many as thousandths that somebody asks for without the m."""
_ODD_DIGITS = 6


def find(context: Context) -> Iterator[Fault]:
    """Find memory in bytes where megabytes are meant, and processors where thousandths are."""
    for pod in context.pods:
        told: set[tuple[str, str]] = set()
        for container in (*pod.containers, *pod.every_container):
            for kind in ("requests", "limits"):
                for name, amount in container.node.at("resources", kind).entries():
                    message = _meant(name, amount)
                    # A migration has the resources of its application.
                    if message and (kind, message) not in told:
                        told.add((kind, message))
                        yield container.fault(message, amount, f"resources.{kind}.{name}")


def _meant(name: str, amount: Node) -> str | None:
    given = quantity(amount)
    text = str(amount.content)
    if not given:
        return None
    if name == "memory" and given < LEAST_MEMORY:
        number = text.rstrip("mkKi")
        likely = f"; did you mean {number}Mi?" if len(number) < _ODD_DIGITS else ""
        return f"{text} of memory is {_bytes(given)}, which starts nothing{likely}"
    if name == "cpu" and given >= MOST_PROCESSORS and text.isdigit():
        return f"{text} of cpu is {text} whole processors; did you mean {text}m?"
    return None


def _bytes(amount: Decimal) -> str:
    return f"{amount.normalize():f} bytes" if amount >= 1 else "less than a byte"
