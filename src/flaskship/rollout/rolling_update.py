"""Kubernetes' rolling update: never too few available, never too many at all.

The arithmetic is the Deployment controller's (reconcileNewReplicaSet, reconcileOldReplicaSets and
ResolveFenceposts of pkg/controller/deployment).
"""

from flaskship.rollout.paused import paused_step
from flaskship.rollout.view import ReplicaView, RolloutView, Step, least_valuable_first, standing

__all__ = ["ReplicaView", "RolloutView", "Step", "bounds", "next_step"]


def bounds(view: RolloutView) -> tuple[int, int]:
    """Return (maxSurge, maxUnavailable) in replicas: surge rounds up, unavailable down, never both zero."""
    surge = share(view.max_surge, view.desired, up=True)
    unavailable = share(view.max_unavailable, view.desired, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, view.desired)


def next_step(view: RolloutView) -> Step:
    """Return what moves the workload on from here; an idle step means wait (or done)."""
    surge, unavailable = bounds(view)
    if view.paused:
        return paused_step(view, surge)
    new, old = standing(view.new), standing(view.old)
    surplus = least_valuable_first(new)[: max(0, len(new) - view.desired)]
    kept = tuple(replica for replica in new if replica not in surplus)
    room = view.desired + surge - len(kept) - len(old)
    start = max(0, min(room, view.desired - len(kept)))
    retired = _old_to_retire(kept, old, floor=view.desired - unavailable)
    return Step(start=start, retire=tuple(replica.uid for replica in surplus + retired))


def _old_to_retire(
    new: tuple[ReplicaView, ...], old: tuple[ReplicaView, ...], floor: int
) -> tuple[ReplicaView, ...]:
    new_unavailable = sum(not replica.available for replica in new)
    spare = len(new) + len(old) - floor - new_unavailable
    if spare <= 0:
        return ()
    # Unhealthy old replicas go first: they give nothing, and their places let the new ones in.
    victims = least_valuable_first(old)
    unhealthy = tuple(replica for replica in victims if not replica.available)[:spare]
    available = sum(replica.available for replica in new + old)
    healthy = tuple(replica for replica in victims if replica.available)[: max(0, available - floor)]
    return unhealthy + healthy


def share(value: int | str, desired: int, *, up: bool) -> int:
    """Resolve a number or a percentage of desired in whole replicas, without a float's rounding."""
    if isinstance(value, int):
        return value
    if not value.endswith("%"):
        return int(value)
    hundredths = int(value[:-1]) * desired
    return -(-hundredths // 100) if up else hundredths // 100
