"""A container may write to its own image."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "read-only-root"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find containers without readOnlyRootFilesystem: true."""
    for container in context.containers:
        said = container.node.at("securityContext", "readOnlyRootFilesystem")
        if said.truth is not True:
            yield container.fault("readOnlyRootFilesystem is not true", said)
