"""What the supported minors refuse of one object, told once with the minors that do."""

from collections.abc import Iterator

from flaskship.policy.kubernetes.pods import refused_of_pods
from flaskship.policy.kubernetes.table import Table, span
from flaskship.policy.kubernetes.validate import Violation, violations
from flaskship.policy.objects import Object


def refused(table: Table, one: Object) -> Iterator[tuple[Violation, str]]:
    """Yield each violation with the minors that have it, in words."""
    minors: dict[Violation, tuple[str, ...]] = {}
    for number, having in table.schemas(one.api_version, one.kind).items():
        for violation in violations(table, number, one.node):
            minors[violation] = (*minors.get(violation, ()), *having)
    told = {violation.path for violation in minors}
    for violation in refused_of_pods(one):
        if violation.path not in told:
            until = violation.until
            minors[violation] = table.minors[: table.minors.index(until)] if until else table.minors
    for violation, refusing in minors.items():
        yield violation, span(sorted(refusing, key=table.minors.index), table.minors)
