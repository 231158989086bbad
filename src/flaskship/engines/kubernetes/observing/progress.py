"""When a rollout last came forward: Kubernetes' own word first, so that two clocks need not agree."""

from collections.abc import Iterable

from flaskship.engines.kubernetes.observing.conditions import changed_at, condition, is_ready
from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.shape import Condition, unix

COMPLETE = "NewReplicaSetAvailable"
EXCEEDED = "ProgressDeadlineExceeded"
MARGIN_SECONDS = 15.0
"""How much later than the controller we say ourselves that a deadline has passed, if it does not."""


def progressed_at(
    conditions: Iterable[Condition],
    pods: Iterable[Pod],
    *,
    begun_at: float,
    deadline: int,
    observed: bool,
    now: float,
) -> float:
    """Return when the rollout last came forward; observed: its controller has seen the newest spec.

    begun_at: when the revision was applied, or somebody changed the spec since: a scale has its own deadline.
    """
    found = condition(conditions, "Progressing")
    if observed and found is not None and found.reason == EXCEEDED and found.status == "False":
        told = unix(found.last_update_time) or now
        # A controller that goes back to a template it knows leaves what it said of the one before.
        if told >= begun_at:
            # The condition was written when the deadline had passed.
            return min(now, told) - deadline - 1
    steps = [begun_at]
    for pod in pods:
        steps.append(pod.metadata.created_at)
        if is_ready(pod):
            steps.append(changed_at(condition(pod.status.conditions, "Ready")))
    if found is not None and observed:
        steps.append(unix(found.last_update_time) or 0.0)
    last = max(steps)
    if now - last > deadline + MARGIN_SECONDS:
        return last
    return max(last, now - deadline)
