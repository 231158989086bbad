"""The verdict on a rollout: one snapshot in, successful, failed with causes, or still under way."""

from flaskship.model.snapshot import Phase, ReplicaPhase, Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.verification.causes import (
    REFUSAL_RULES,
    REPLICA_RULES,
    WORKLOAD_RULES,
    liveness_failed,
    out_of_memory,
    readiness_failed,
)
from flaskship.verification.definite import is_definite
from flaskship.verification.rule import Ends, ReplicaRule, WorkloadRule
from flaskship.verification.subject import Subject, is_overdue

ENDING = frozenset({ReplicaPhase.TERMINATING, ReplicaPhase.SUCCEEDED})


def judge(snapshot: Snapshot, now: float) -> Verdict | None:
    """Return the verdict, or None while the rollout is still under way; only the newest template counts."""
    if snapshot.release is None:
        return None
    if (problem := snapshot.release.problem) is not None:
        cause = Cause(problem.code, problem.message, evidence=problem.evidence, field=problem.field)
        return Verdict(Outcome.FAILED, (cause, *causes(snapshot, now)))
    applied_at = snapshot.release.applied_at
    found = tuple(cause for workload in snapshot.workloads for cause in _failure(workload, applied_at, now))
    if found := found or _unready(snapshot, applied_at, now):
        return Verdict(Outcome.FAILED, _distinct(found))
    if all(workload.complete for workload in snapshot.workloads):
        return Verdict(Outcome.SUCCESSFUL)
    return None


def causes(snapshot: Snapshot, now: float) -> tuple[Cause, ...]:
    """Return what keeps each workload from being complete, terminal or not; nothing where all is well."""
    return _distinct(tuple(cause for workload in snapshot.workloads for cause in _explanation(workload, now)))


def standing(snapshot: Snapshot) -> tuple[Cause, ...]:
    """Return what degrades workloads at this instant; what is only under way is none of it."""
    degraded = {one.application for one in snapshot.workloads if one.phase is Phase.DEGRADED}
    return tuple(cause for cause in causes(snapshot, snapshot.at) if cause.application in degraded)


def _failure(workload: WorkloadSnapshot, applied_at: float, now: float) -> tuple[Cause, ...]:
    """Return the causes that end this rollout; empty while none does.

    A replica that an earlier revision made is waited for until the deadline, and never blamed before.
    """
    wrong = _will_be_killed(workload, applied_at, now)
    if workload.complete or wrong:
        return wrong
    refused = workload.problem is not None and workload.problem.terminal
    gave_up = workload.kind == "Job" and workload.phase is Phase.DEGRADED
    if refused or gave_up or is_overdue(workload, now):
        return _explanation(workload, now)
    return tuple(
        cause
        for subject in _subjects(workload, now)
        if subject.replica.created_at >= applied_at
        and _is_terminal(subject)
        and (cause := _most_specific(subject)) is not None
    )


def _will_be_killed(workload: WorkloadSnapshot, applied_at: float, now: float) -> tuple[Cause, ...]:
    """Return why new replicas that are ready will be restarted: liveness is answered so definitely."""
    ready = (Subject(workload, one, now) for one in workload.replicas if one.current and one.ready)
    return tuple(
        liveness_failed.cause_of(subject)
        for subject in ready
        if subject.replica.created_at >= applied_at
        and not subject.is_job
        and (probe := subject.failing_now("liveness")) is not None
        and is_definite(probe.status)
    )


def _unready(snapshot: Snapshot, applied_at: float, now: float) -> tuple[Cause, ...]:
    """Return the causes of new replicas that have started and do not become ready.

    There are none while another workload still comes up: it may be what they wait for.
    """
    stuck = {
        workload.name: tuple(
            cause
            for subject in _subjects(workload, now)
            if subject.replica.created_at >= applied_at
            and readiness_failed.may_be_slow(subject, _settled_at(snapshot, workload))
            and (cause := _most_specific(subject)) is not None
        )
        for workload in snapshot.workloads
        if not workload.complete and not workload.paused
    }
    return tuple(cause for found in stuck.values() for cause in found) if all(stuck.values()) else ()


def _settled_at(snapshot: Snapshot, but: WorkloadSnapshot) -> float:
    """Return when the last replica of another workload became ready, or ended as a Job's does."""
    others = [one for workload in snapshot.workloads if workload is not but for one in workload.replicas]
    return max(
        (at for one in others for at in (one.ready_at or 0.0, *(e.at for e in one.exits))), default=0.0
    )


def _explanation(workload: WorkloadSnapshot, now: float) -> tuple[Cause, ...]:
    if workload.complete:
        return ()
    refusal = _first(REFUSAL_RULES, workload, now)
    suffered = tuple(
        cause for subject in _subjects(workload, now) if (cause := _most_specific(subject)) is not None
    )
    return refusal + suffered or _first(WORKLOAD_RULES, workload, now)


def _first(rules: tuple[WorkloadRule, ...], workload: WorkloadSnapshot, now: float) -> tuple[Cause, ...]:
    return tuple(cause for rule in rules if (cause := rule.find(workload, now)) is not None)[:1]


def _subjects(workload: WorkloadSnapshot, now: float) -> tuple[Subject, ...]:
    return tuple(
        Subject(workload, replica, now)
        for replica in workload.replicas
        if replica.current and not replica.ready and replica.phase not in ENDING
    )


def _most_specific(subject: Subject) -> Cause | None:
    return next((cause for rule in REPLICA_RULES if (cause := rule.find(subject)) is not None), None)


def _is_terminal(subject: Subject) -> bool:
    return any(_ends_the_rollout(rule, subject) for rule in REPLICA_RULES if rule.find(subject) is not None)


def _ends_the_rollout(rule: ReplicaRule, subject: Subject) -> bool:
    replica = subject.replica
    if replica.problem is not None and replica.problem.terminal:
        return True
    if rule.ENDS is Ends.AT_ONCE and replica.problem is None:
        return not replica.was_ready
    if rule.ENDS in (Ends.AT_THRESHOLD, Ends.AT_ITS_THRESHOLD) and replica.was_ready:
        return True
    if rule.ENDS is Ends.AT_ITS_THRESHOLD and readiness_failed.is_wrong(subject):
        return True
    if rule.ENDS is Ends.AT_FIRST and out_of_memory.killed(subject) is not None and not subject.is_job:
        return True
    # A Job has its own count of retries, and says itself when it has failed.
    return len(subject.failed_exits) > 1 and not subject.is_job


def _distinct(found: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """Keep one cause of each code per application: ten replicas fail for the one reason."""
    first: dict[tuple[str | None, str], Cause] = {}
    for cause in found:
        first.setdefault((cause.application, cause.code), cause)
    return tuple(first.values())
