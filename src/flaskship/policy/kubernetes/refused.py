"""What the supported minors refuse of one object, told once with the minors that do."""

from collections.abc import Iterator

from flaskship.policy.kubernetes.table import Table, span
from flaskship.policy.kubernetes.validate import Violation, violations
from flaskship.policy.objects import Object


def refused(table: Table, one: Object) -> Iterator[tuple[Violation, str]]:
    """Yield each violation with the minors that have it, in words."""
    minors: dict[Violation, tuple[str, ...]] = {}
    for number, having in table.schemas(one.api_version, one.kind).items():
        for violation in violations(table, number, one.node):
            minors[violation] = (*minors.get(violation, ()), *having)
    for violation, refusing in minors.items():
        yield violation, span(sorted(refusing, key=table.minors.index), table.minors)
