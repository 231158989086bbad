"""Conditions of a status, found by their type."""

from collections.abc import Iterable

from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.shape import Condition, unix

# A kubelet writes the first status of a pod within a moment; a later change of Ready is one from ready.
FIRST_STATUS_SECONDS = 2.0


def condition(conditions: Iterable[Condition], kind: str) -> Condition | None:
    """Return the condition of this type."""
    return next((one for one in conditions if one.type == kind), None)


def changed_at(one: Condition | None) -> float:
    """Return when a condition last changed its status."""
    return (unix(one.last_transition_time) or 0.0) if one is not None else 0.0


def is_ready(pod: Pod) -> bool:
    """Tell whether the pod gets traffic."""
    found = condition(pod.status.conditions, "Ready")
    return found is not None and found.status == "True" and pod.metadata.deletion_timestamp is None


def was_ready(pod: Pod) -> bool:
    """Tell whether the pod was ever ready: it is, or its condition changed after its first status."""
    found = condition(pod.status.conditions, "Ready")
    if found is None:
        return False
    began = unix(pod.status.start_time)
    return found.status == "True" or (began is not None and changed_at(found) > began + FIRST_STATUS_SECONDS)
