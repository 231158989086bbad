"""A workload of the release is not in the cluster.

It was applied, and somebody deleted it, or it never arrived. Deploy again; see the cluster's audit log for
who did it.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.whole import from_problem

CODE = "WorkloadMissing"
ENDS = Ends.WHEN_REFUSED
ADVICE = "Deploy again, and find out who deletes it."


def find(workload: WorkloadSnapshot, _: float) -> Cause | None:
    """Find a workload that the release has and the cluster does not."""
    return from_problem(workload, CODE, ADVICE)
