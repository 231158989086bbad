"""A ResourceQuota of the namespace leaves no room for the replicas.

The message has what was asked for, what is used and what is allowed. It ends a rollout when it has stood
for 10 seconds: replicas that an update retires give their share back. Lower `resources` or the replicas, or
raise the quota. The values line is that of what the quota is short of: a request, a limit, or the number of
replicas.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.whole import from_problem

CODE = "QuotaExceeded"
ENDS = Ends.WHEN_REFUSED
ADVICE = "Lower what the replicas ask for or their number, or raise the quota."


def find(workload: WorkloadSnapshot, _: float) -> Cause | None:
    """Find a workload that a quota stops."""
    return from_problem(workload, CODE, ADVICE, "resources.requests")
