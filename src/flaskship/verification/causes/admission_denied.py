"""An admission rule of the cluster denied the replicas.

A webhook, a policy or a LimitRange said no; the message is its own. Correct what it names, or ask who keeps
the rule.
"""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.whole import from_problem

CODE = "AdmissionDenied"
ENDS = Ends.WHEN_REFUSED
ADVICE = "Correct what it names, or ask who keeps that rule."


def find(workload: WorkloadSnapshot, _: float) -> Cause | None:
    """Find a workload whose pods a rule of the cluster denies."""
    return from_problem(workload, CODE, ADVICE)
