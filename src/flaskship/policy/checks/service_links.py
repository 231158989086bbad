"""A pod gets a variable for every Service of its namespace."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "service-links"
SEVERITY = Severity.INFO


def find(context: Context) -> Iterator[Fault]:
    """Find pods without enableServiceLinks: false."""
    for pod in context.pods:
        links = pod.spec.at("enableServiceLinks")
        if links.truth is not False:
            yield pod.owner.fault("enableServiceLinks is not false", links)
