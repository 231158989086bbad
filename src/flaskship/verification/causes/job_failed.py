"""A Job failed for good: it used up its retries or its time.

The message says which of its limits ended it, or how its last attempt ended; the evidence is that attempt's
traceback or its last lines, also where the attempt was still running when its time was over.
Correct what they name, or raise `backoffLimit` or `activeDeadlineSeconds` where the work needs it.
"""

from flaskship.model.exit import describe_exit
from flaskship.model.snapshot import Phase, WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import traceback_or_tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "JobFailed"
ENDS = Ends.AT_ONCE


def find(workload: WorkloadSnapshot, now: float) -> Cause | None:
    """Find a Job that is degraded, which it is when it gave up."""
    if workload.kind != "Job" or workload.phase is not Phase.DEGRADED:
        return None
    attempts = tuple(Subject(workload, replica, now) for replica in workload.replicas)
    failed = tuple((one, exit) for one in attempts if (exit := one.last_exit) is not None)
    attempt, exit = max(failed, key=lambda pair: pair[1].at, default=(None, None))
    problem = workload.problem if workload.problem is not None and workload.problem.code == CODE else None
    ended = f"its last attempt: {describe_exit(exit)}" if exit else None if problem else "it ran out of time"
    said = problem.message if problem else f"The Job {workload.name} failed"
    lines = exit.last_lines if exit else problem.evidence if problem else ()
    return Cause(
        code=CODE,
        message=f"{'; '.join(one for one in (said, ended) if one)}. Correct what its output names.",
        application=workload.application,
        replica=attempt.replica.name if attempt else None,
        evidence=traceback_or_tail(lines),
        field="command",
    )
