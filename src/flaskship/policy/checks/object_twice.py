"""One object is written by two sides."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault, Object

CODE = "object-twice"
SEVERITY = Severity.ERROR
CLUSTER_WIDE = frozenset(
    {"Namespace", "PriorityClass", "ClusterRole", "ClusterRoleBinding", "StorageClass", "IngressClass"}
)


def find(context: Context) -> Iterator[Fault]:
    """Find objects that an environment renders twice, or that another one on its cluster renders too."""
    owners: dict[tuple[str, str, str], str] = {}
    for other in context.neighbours:
        for one in other.objects:
            owners[_key(other, one)] = other.environment.name
    for one in context.objects:
        key = _key(context, one)
        if key in owners:
            yield one.fault(f"is rendered twice: also by {owners[key]}", "metadata.name")
        owners[key] = "this environment"


def _key(context: Context, one: Object) -> tuple[str, str, str]:
    namespace = "" if one.kind in CLUSTER_WIDE else one.namespace or context.environment.namespace
    return one.kind, namespace, one.name
