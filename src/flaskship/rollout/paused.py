"""A paused rollout still scales, but moves no replica from one template to the other."""

from flaskship.rollout.view import ReplicaView, RolloutView, Step, least_valuable_first, standing


def paused_step(view: RolloutView, surge: int) -> Step:
    """Return the scaling that a paused workload needs, spread over both templates by their sizes."""
    new, old = standing(view.new), standing(view.old)
    total = len(new) + len(old)
    ceiling = view.desired + (surge if new and old else 0)
    if total > ceiling:
        return Step(retire=_surplus(new, old, total - ceiling if view.desired else total))
    missing = max(0, view.desired - total)
    start_old = missing * len(old) // total if total else 0
    return Step(start=missing - start_old, start_old=start_old)


def _surplus(new: tuple[ReplicaView, ...], old: tuple[ReplicaView, ...], count: int) -> tuple[str, ...]:
    from_old = -(-count * len(old) // (len(new) + len(old)))
    victims = least_valuable_first(old)[:from_old] + least_valuable_first(new)[: count - from_old]
    return tuple(replica.uid for replica in victims)
