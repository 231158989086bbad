"""A container keeps capabilities of root."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "drop-capabilities"
SEVERITY = Severity.ERROR
ALLOWED = frozenset({"NET_BIND_SERVICE"})


def find(context: Context) -> Iterator[Fault]:
    """Find containers that do not drop ALL, or that add what the restricted standard does not allow."""
    for container in context.every_container:
        capabilities = container.node.at("securityContext", "capabilities")
        dropped = capabilities.at("drop")
        if "ALL" not in dropped.texts:
            yield container.fault("capabilities.drop has no ALL", dropped)
        added = [name for name in capabilities.at("add").texts if name not in ALLOWED]
        if added:
            yield container.fault(f"adds {', '.join(added)}", capabilities.at("add"))
