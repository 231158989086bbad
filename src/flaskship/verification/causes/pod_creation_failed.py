"""The cluster cannot make the replicas.

The message is the API server's own: a ServiceAccount that does not exist, a field that it does not accept,
a webhook that does not answer. What may pass by itself ends a rollout at the progress deadline only.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.whole import from_problem

CODE = "PodCreationFailed"
ENDS = Ends.WHEN_REFUSED
ADVICE = "Correct what it names; see: kubectl describe replicaset."
OTHERS = frozenset({"JobFailed", "RolloutAborted", "RolloutDegraded"})


def find(workload: WorkloadSnapshot, _: float) -> Cause | None:
    """Find any problem of a whole workload that no rule before this one knows."""
    problem = workload.problem
    if problem is None or problem.code in OTHERS:
        return None
    return from_problem(workload, problem.code, ADVICE, code=CODE)
