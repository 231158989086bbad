"""Whether what was healthy has stayed so: a liveness probe fails after Ready, when the rollout looks done."""

from collections.abc import Iterator
from dataclasses import replace

from flaskship.model.snapshot import KilledBy, ProbeFailure, ReplicaPhase, ReplicaSnapshot, Snapshot
from flaskship.model.verdict import Cause
from flaskship.verification.causes import REPLICA_RULES, liveness_failed
from flaskship.verification.definite import is_definite
from flaskship.verification.subject import Subject
from flaskship.verification.unproven import failed_lately

ENDING = frozenset({ReplicaPhase.TERMINATING, ReplicaPhase.SUCCEEDED})


def relapses(healthy: Snapshot, now: Snapshot) -> tuple[Cause, ...]:
    """Return, once for each application, that its new replicas fail the liveness probe after all.

    healthy: the snapshot in which the rollout was complete; what a replica went through before that, it
    has outlived.
    """
    known = {one.uid: one for workload in healthy.workloads for one in workload.replicas}
    found: dict[str | None, Cause] = {}
    for subject in _new(now):
        before = known.get(subject.replica.uid)
        if _killed_since(subject.replica, before) or _at_threshold(subject) or _is_definite(subject):
            cause = liveness_failed.cause_of(subject)
            found.setdefault(cause.application, cause)
    return tuple(found.values())


def failing(now: Snapshot) -> tuple[Cause, ...]:
    """Return, once for each application, that a new replica fails its liveness probe now, if not for good."""
    found: dict[str | None, Cause] = {}
    for subject in _new(now):
        if _liveness(subject) is not None:
            cause = liveness_failed.cause_of(subject)
            found.setdefault(cause.application, cause)
    return tuple(found.values())


def is_failing(now: Snapshot) -> bool:
    """Tell whether a new replica's liveness probe fails now, be it short of its threshold."""
    return any(_liveness(subject) is not None for subject in _new(now))


def crashed(now: Snapshot) -> tuple[Cause, ...]:
    """Return, once for each application, how a container of a new replica failed a moment ago."""
    found: dict[str | None, Cause] = {}
    for subject in _new(now):
        if not failed_lately(subject.replica, now.at):
            continue
        # As it was between its end and its next start.
        then = replace(subject, replica=replace(subject.replica, ready=False, started_at=None, probes=()))
        cause = next((cause for rule in REPLICA_RULES if (cause := rule.find(then)) is not None), None)
        if cause is not None:
            found.setdefault(cause.application, cause)
    return tuple(found.values())


def _new(now: Snapshot) -> Iterator[Subject]:
    applied_at = now.release.applied_at if now.release is not None else 0.0
    for workload in now.workloads:
        for replica in workload.replicas:
            if (
                workload.kind != "Job"
                and replica.current
                and replica.created_at >= applied_at
                and replica.phase not in ENDING
            ):
                yield Subject(workload, replica, now.at)


def _killed_since(replica: ReplicaSnapshot, before: ReplicaSnapshot | None) -> bool:
    outlived = len(before.exits) if before is not None else 0
    return any(one.killed_by is KilledBy.LIVENESS for one in replica.exits[outlived:])


def _at_threshold(subject: Subject) -> bool:
    probe = _liveness(subject)
    return probe is not None and probe.consecutive >= probe.threshold


def _is_definite(subject: Subject) -> bool:
    """Whether it is answered what waiting does not change: the threshold's rest is for the way back."""
    probe = _liveness(subject)
    return probe is not None and is_definite(probe.status)


def _liveness(subject: Subject) -> ProbeFailure | None:
    return subject.failing_now("liveness")
