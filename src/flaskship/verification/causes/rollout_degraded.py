"""Argo Rollouts calls the Rollout degraded.

No replica has a failure of its own to name. The message is the controller's: an invalid strategy, a Service
or Ingress that it needs and does not find, an analysis that cannot run.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.whole import from_problem

CODE = "RolloutDegraded"
ENDS = Ends.WHEN_REFUSED
ADVICE = "Correct what it names; see: kubectl describe rollout."


def find(workload: WorkloadSnapshot, _: float) -> Cause | None:
    """Find a Rollout that its controller gave up."""
    return from_problem(workload, CODE, ADVICE)
