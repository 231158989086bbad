"""The update of a Rollout was aborted.

A person or an analysis stopped it, and Argo Rollouts goes back to the stable version. The message is its
own. See the analysis that failed, or deploy a corrected version.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.whole import from_problem

CODE = "RolloutAborted"
ENDS = Ends.WHEN_REFUSED
ADVICE = "See why it was stopped, and deploy a corrected version."


def find(workload: WorkloadSnapshot, _: float) -> Cause | None:
    """Find a Rollout whose update was stopped."""
    return from_problem(workload, CODE, ADVICE)
