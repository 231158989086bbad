"""The namespace forbids such pods: they break the Pod Security level that it enforces.

The message names the level and each setting that breaks it; the values line is that of the first one. Correct
`securityContext`, or take out what the level forbids.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.whole import from_problem

CODE = "PodSecurityViolated"
ENDS = Ends.WHEN_REFUSED
ADVICE = "Correct it in the values, or choose another namespace."


def find(workload: WorkloadSnapshot, _: float) -> Cause | None:
    """Find a workload whose pods the namespace forbids."""
    return from_problem(workload, CODE, ADVICE, "securityContext")
