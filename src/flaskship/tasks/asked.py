"""What of a snapshot a restart, a scale or a resume answers for."""

from dataclasses import replace

from flaskship.engines.base import Action, Restart, Scale
from flaskship.model.snapshot import Snapshot, WorkloadSnapshot


def reached(action: Action, before: Snapshot, now: Snapshot, application: str | None) -> bool:
    """Tell whether the engine shows the action's end: no old replica is left, the number is as asked, or
    nothing is paused.
    """
    targets = [one for one in now.workloads if _is_meant(one, application)]
    if isinstance(action, Scale):
        return all(one.desired == action.replicas for one in targets)
    if isinstance(action, Restart):
        old = _replicas(before)
        return not any(replica.uid in old for one in targets for replica in one.replicas)
    return not any(one.paused for one in targets if one.kind != "Job")


def as_asked(action: Action, before: Snapshot, now: Snapshot, application: str | None) -> Snapshot:
    """Return what is to be judged of a look: each deadline counts from the action at the earliest.

    Until the action's end shows, only what it moves, without the replicas that it takes away.
    """
    workloads = tuple(_since(one, before.at) for one in now.workloads)
    leaving = _replicas(before) if isinstance(action, Restart) else frozenset[str]()
    if isinstance(action, Scale) and action.replicas == 0:
        leaving = _replicas(now)
    workloads = tuple(_without(one, leaving) if _is_meant(one, application) else one for one in workloads)
    if reached(action, before, now, application):
        return replace(now, workloads=workloads)
    release = now.release and replace(now.release, problem=None)
    moved = tuple(one for one in workloads if _is_meant(one, application))
    return replace(now, release=release, workloads=moved)


def _is_meant(one: WorkloadSnapshot, application: str | None) -> bool:
    return application in (None, one.application)


def _replicas(snapshot: Snapshot) -> frozenset[str]:
    return frozenset(replica.uid for one in snapshot.workloads for replica in one.replicas)


def _since(one: WorkloadSnapshot, begun_at: float) -> WorkloadSnapshot:
    return replace(one, progressed_at=max(one.progressed_at, begun_at))


def _without(one: WorkloadSnapshot, uids: frozenset[str]) -> WorkloadSnapshot:
    return replace(one, replicas=tuple(replica for replica in one.replicas if replica.uid not in uids))
