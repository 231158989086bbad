"""What the supported minors refuse of one object, told once with the minors that do."""

from collections.abc import Iterator

from flaskship.policy.kubernetes.table import load_table, span
from flaskship.policy.kubernetes.validate import Breach, Violation, violations
from flaskship.policy.objects import Fault, Object


def refusals(found: Object, breach: Breach) -> Iterator[Fault]:
    """Yield each violation of one sort, naming the minors that have it."""
    table = load_table()
    minors: dict[Violation, tuple[str, ...]] = {}
    for number, having in table.schemas(found.api_version, found.kind).items():
        for violation in violations(table, number, found.node):
            if violation.breach is breach:
                minors[violation] = (*minors.get(violation, ()), *having)
    for violation, refusing in minors.items():
        by = span(sorted(refusing, key=table.minors.index), table.minors)
        message = f"{violation.path}: {violation.message} (refused by {by})"
        yield found.fault(message, violation.path)
