"""What the rules over a whole workload share."""

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause


def from_problem(
    workload: WorkloadSnapshot, known: str, advice: str, field: str | None = None, code: str | None = None
) -> Cause | None:
    """Return the cause that a workload's problem with this code makes, with the advice after its sentence."""
    problem = workload.problem
    if problem is None or problem.code != known:
        return None
    return Cause(
        code=code or known,
        message=f"{problem.message.rstrip('. ')}. {advice}",
        application=workload.application,
        evidence=problem.evidence,
        field=problem.field or field,
    )
