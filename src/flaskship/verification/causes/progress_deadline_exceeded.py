"""The rollout made no progress for progressDeadlineSeconds.

No replica has a failure of its own to name: they start, but do not become available in time. Give the
rollout more time, or look at the replicas' logs.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import is_overdue

CODE = "ProgressDeadlineExceeded"
ENDS = Ends.AT_DEADLINE


def find(workload: WorkloadSnapshot, now: float) -> Cause | None:
    """Find a rollout that stood still for longer than its deadline."""
    if not is_overdue(workload, now):
        return None
    waiting = next((one for one in workload.replicas if one.current and not one.ready), None)
    message = (
        f"No progress for {workload.progress_deadline} s: of {workload.desired} replicas "
        f"{workload.available} are available and {workload.updated} are of the newest template. "
        "See the logs, or raise progressDeadlineSeconds."
    )
    return Cause(
        code=CODE,
        message=message,
        application=workload.application,
        replica=waiting.name if waiting is not None else None,
        evidence=tail(waiting.last_lines) if waiting is not None else (),
        field="progressDeadlineSeconds",
    )
