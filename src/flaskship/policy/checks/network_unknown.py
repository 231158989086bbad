"""Nothing says whether the policies let an application to its database."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.database import Way, databases, way
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "network-unknown"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find pods with some way out and a database whose address stands nowhere."""
    for pod in context.serving:
        for database in databases(context, pod):
            if way(context, pod, database) is Way.UNKNOWN:
                unknown = f"nothing says where the database of {database.variable} is"
                message = f"{unknown}, so that no rule of its policies is proven to lead there"
                yield pod.owner.fault(message, database.at, "networkPolicy.egress")
