"""Jobs: run to their end once for each template, with Kubernetes' retries and deadline; decided purely."""

from dataclasses import replace
from enum import StrEnum

from flaskship.engines.local.spec import Job
from flaskship.model.frozen import dataclass

FIRST_RETRY = 10.0
LAST_RETRY = 360.0


class JobOutcome(StrEnum):
    """How a Job ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What is durable of one Job: a template that ended is never run again by the same release."""

    environment: str
    name: str
    template: str
    started_at: float
    succeeded: int = 0
    failed: int = 0
    failed_at: float = 0.0
    outcome: JobOutcome | None = None
    why: str = ""
    """Which of its limits ended it, where it failed."""
    last_lines: tuple[str, ...] = ()
    """What its last attempt wrote last, where it failed."""


@dataclass(frozen=True, slots=True)
class JobStep:
    """What to do now; due is when to look again by itself."""

    record: JobRecord
    start: int = 0
    end: bool = False
    due: float | None = None


def counted(record: JobRecord, *, success: bool, at: float) -> JobRecord:
    """Return the record after one replica has ended."""
    if success:
        return replace(record, succeeded=record.succeeded + 1)
    return replace(record, failed=record.failed + 1, failed_at=at)


def next_step(job: Job, record: JobRecord, active: int, restarts: int, now: float) -> JobStep:
    """Return what moves the Job on; restarts are those of the containers of its running replicas."""
    if record.outcome is not None:
        return JobStep(record, end=active > 0)
    if record.succeeded >= job.completions:
        return JobStep(replace(record, outcome=JobOutcome.SUCCEEDED), end=active > 0)
    deadline = None if job.active_deadline is None else record.started_at + job.active_deadline
    why = ""
    if _exhausted(job, record.failed, restarts):
        why = f"it used up its retries (backoffLimit: {job.backoff_limit})"
    elif deadline is not None and now >= deadline:
        why = f"it ran out of time (activeDeadlineSeconds: {job.active_deadline})"
    if why:
        return JobStep(replace(record, outcome=JobOutcome.FAILED, why=why), end=active > 0)
    retry = record.failed_at + _delay(record.failed) if record.failed else now
    if retry > now:
        return JobStep(record, due=retry if deadline is None else min(retry, deadline))
    wanted = min(job.parallelism, job.completions - record.succeeded)
    return JobStep(record, start=max(0, wanted - active), due=deadline)


def _exhausted(job: Job, failed: int, restarts: int) -> bool:
    """Tell whether no retry is left: failed replicas count beyond the limit, restarts up to it."""
    if failed > job.backoff_limit:
        return True
    if job.template.restart_policy != "OnFailure":
        return False
    return restarts > 0 if job.backoff_limit == 0 else restarts >= job.backoff_limit


def _delay(failures: int) -> float:
    return min(LAST_RETRY, FIRST_RETRY * 2.0 ** (failures - 1)) if failures else 0.0
