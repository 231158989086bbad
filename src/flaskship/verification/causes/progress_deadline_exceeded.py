"""The rollout made no progress for progressDeadlineSeconds.

No replica has a failure of its own to name: they start, but do not become available in time. An
initContainer that still runs is named with its last lines: the application waits for it. Give the
rollout more time, or look at the replicas' logs.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.causes import migration_failed
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import is_overdue

CODE = "ProgressDeadlineExceeded"
ENDS = Ends.AT_DEADLINE


def find(workload: WorkloadSnapshot, now: float) -> Cause | None:
    """Find a rollout that stood still for longer than its deadline."""
    if not is_overdue(workload, now):
        return None
    late = [one for one in workload.replicas if one.current and not one.ready]
    waiting = next((one for one in late if one.initializing), late[0] if late else None)
    initializing = waiting.initializing if waiting is not None else None
    message = (
        f"No progress for {workload.progress_deadline} s: of {workload.desired} replicas "
        f"{workload.available} are available and {workload.updated} are of the newest template. "
        f"{_advice(initializing)}, or raise progressDeadlineSeconds."
    )
    return Cause(
        code=CODE,
        message=message,
        application=workload.application,
        replica=waiting.name if waiting is not None else None,
        evidence=tail(waiting.last_lines) if waiting is not None else (),
        field=migration_failed.blamed(waiting.last_lines)
        if waiting is not None and initializing == migration_failed.CONTAINER
        else "progressDeadlineSeconds",
        container=initializing,
    )


def _advice(initializing: str | None) -> str:
    if initializing is None:
        return "See the logs"
    return f"The initContainer {initializing} still runs and holds the application up: see what it waits for"
