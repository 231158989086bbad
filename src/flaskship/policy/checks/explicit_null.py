"""A manifest has a field that says null."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault

CODE = "explicit-null"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find keys and entries without a value."""
    for one in context.objects:
        for empty in _nulls(one.node):
            yield one.fault(f"{empty.path} is null", empty)


def _nulls(node: Node) -> Iterator[Node]:
    for value in (*(value for _, value in node.entries()), *node.items()):
        if value.content is None:
            yield value
        yield from _nulls(value)
