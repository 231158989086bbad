"""A ConfigMap or Secret is larger than the API server takes."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "configuration-size"
SEVERITY = Severity.ERROR
LARGEST = 1 << 20


def find(context: Context) -> Iterator[Fault]:
    """Find ConfigMaps and Secrets whose entries exceed 1 MiB together."""
    for one in context.of("ConfigMap", "Secret"):
        parts = (one.node.at(key) for key in ("data", "binaryData", "stringData"))
        size = sum(len(value.encode()) for part in parts for value in part.labels.values())
        if size > LARGEST:
            yield one.fault(f"holds {size} bytes, more than {LARGEST}", "data", "config")
