"""What a delivery's result means for its reminder: decided purely, then written under the lease."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from tomorrows.back_off import delay
from tomorrows.domain import Status
from tomorrows.outbound.webhook import Outcome, Result
from tomorrows.storage import jobs
from tomorrows.storage.jobs import Lease

PAUSE = timedelta(seconds=5)
# 15 to 30 s with the delays between: longer than a worker of the revision before goes on to claim
# (preStopSeconds) when a deploy has said that the new configuration is there.
CLOSED_ATTEMPTS = 5


@dataclass(frozen=True)
class Finished:
    """The job ends here."""

    status: Status
    error: str | None = None


@dataclass(frozen=True)
class Again:
    """The job waits for its next attempt."""

    run_at: datetime
    error: str | None
    counted: bool


def decide(
    lease: Lease, result: Result, *, now: datetime, max_attempts: int, fraction: float
) -> Finished | Again:
    """Judge a result: done, given up, or tried again later."""
    match result.outcome:
        case Outcome.DELIVERED:
            return Finished(Status.DELIVERED)
        case Outcome.REFUSED:
            return Finished(Status.FAILED, result.reason)
        case Outcome.PAUSED:
            return Again(now + PAUSE + delay(1, fraction), result.reason, counted=False)
        case Outcome.CLOSED if lease.attempts + 1 >= min(CLOSED_ATTEMPTS, max_attempts):
            return Finished(Status.FAILED, result.reason)
        case Outcome.RETRY if lease.attempts + 1 >= max_attempts:
            return Finished(Status.FAILED, f"{result.reason}; gave up after {lease.attempts + 1} attempts")
        case Outcome.CLOSED | Outcome.RETRY:
            return Again(now + delay(lease.attempts + 1, fraction), result.reason, counted=True)


def write(connection: Connection, lease: Lease, decision: Finished | Again, now: datetime) -> bool:
    """Record a decision; False when the lease is lost, and somebody else's record counts."""
    if isinstance(decision, Finished):
        return jobs.finish(connection, lease=lease, status=decision.status, now=now, error=decision.error)
    return jobs.postpone(
        connection,
        lease=lease,
        run_at=decision.run_at,
        now=now,
        error=decision.error,
        counted=decision.counted,
    )
