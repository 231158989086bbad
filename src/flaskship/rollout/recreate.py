"""Kubernetes' Recreate: every old replica has ended before a new one starts."""

from flaskship.rollout.paused import paused_step
from flaskship.rollout.view import RolloutView, Step, least_valuable_first, standing


def next_step(view: RolloutView) -> Step:
    """Return what moves the workload on from here; old replicas that still terminate hold new ones back."""
    if view.paused:
        return paused_step(view, surge=0)
    new, old = standing(view.new), standing(view.old)
    surplus = least_valuable_first(new)[: max(0, len(new) - view.desired)]
    retire = tuple(replica.uid for replica in surplus + old)
    if view.old:
        return Step(retire=retire)
    return Step(start=max(0, view.desired - len(new)), retire=retire)
