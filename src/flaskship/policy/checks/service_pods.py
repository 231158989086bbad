"""A Service has no pods behind it."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "service-pods"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find Services whose selector picks no pods that the environment makes."""
    for service in context.of("Service"):
        selector = service.spec.at("selector")
        if selector.labels and not context.selected_by(service):
            yield service.fault("its selector picks no pods", selector, "service")
