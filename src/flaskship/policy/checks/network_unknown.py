"""Nothing says whether the policies let an application to a database or a host that it names."""

from collections.abc import Iterator
from dataclasses import replace

from flaskship.policy.context import Context
from flaskship.policy.database import Way, databases, way
from flaskship.policy.destinations import destinations, way_to
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "network-unknown"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find databases whose address stands nowhere, and hosts whose port no policy of the pod opens."""
    for pod in context.serving:
        for database in databases(context, pod):
            if way(context, pod, database) is Way.UNKNOWN:
                unknown = f"nothing says where the database of {database.variable} is"
                message = f"{unknown}, so that no rule of its policies is proven to lead there"
                yield pod.owner.fault(message, database.at, "networkPolicy.egress")
        for one in destinations(context, pod):
            if way_to(context, pod, one) is Way.UNKNOWN:
                message = (
                    f"{one.variable} names {one.host}, and no rule of its policies opens port {one.port}"
                )
                fault = pod.owner.fault(message, one.at, "networkPolicy.egress")
                yield replace(fault, candidates=one.settings)
