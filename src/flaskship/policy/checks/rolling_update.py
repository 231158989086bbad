"""A rolling update can neither start a pod nor stop one, or stops all."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "rolling-update"
SEVERITY = Severity.ERROR
NONE = (0, "0", "0%")


def find(context: Context) -> Iterator[Fault]:
    """Find maxSurge and maxUnavailable that are both zero, and maxUnavailable of everything."""
    for workload in context.of("Deployment"):
        update = workload.spec.at("strategy", "rollingUpdate")
        surge, unavailable = update.at("maxSurge"), update.at("maxUnavailable")
        if surge.content in NONE and unavailable.content in NONE:
            message = "maxSurge and maxUnavailable are both 0: the update cannot begin"
            yield workload.fault(message, update, "strategy.rollingUpdate")
        elif unavailable.content == "100%":
            message = "maxUnavailable 100% stops every replica at once"
            yield workload.fault(message, unavailable, "strategy.rollingUpdate.maxUnavailable")
