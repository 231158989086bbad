"""A manifest has an API version that a supported Kubernetes does not serve."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.kubernetes.table import load_table, span
from flaskship.policy.objects import Fault

CODE = "dead-api"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find kinds in versions that are gone, or not yet there, in some supported minor."""
    table = load_table()
    for one in context.objects:
        missing = table.missing(one.api_version, one.kind)
        if not missing:
            continue
        instead = " or ".join(table.everywhere(one.kind))
        message = f"{one.api_version} {one.kind} is not served by {span(missing, table.minors)}"
        yield one.fault(f"{message}; use {instead}" if instead else message, "apiVersion")
