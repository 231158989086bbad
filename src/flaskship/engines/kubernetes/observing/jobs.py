"""A Job as a workload of a snapshot."""

from flaskship.engines.kubernetes.observing.conditions import condition
from flaskship.engines.kubernetes.observing.observed import Evidence, Observed, Target
from flaskship.engines.kubernetes.observing.ownership import Family, application
from flaskship.engines.kubernetes.observing.replicas import replica_of
from flaskship.engines.kubernetes.observing.shape import Condition, unix
from flaskship.engines.kubernetes.observing.workloads import Job
from flaskship.model.snapshot import Phase, WorkloadSnapshot

HOOK = "helm.sh/hook"


def job_snapshot(
    one: Job, target: Target, observed: Observed, evidence: Evidence, now: float
) -> WorkloadSnapshot:
    """Return the workload; it is complete and has failed only when its controller says so."""
    family = Family.of(one.metadata.uid, observed)
    failed = _holds(one.status.conditions, "Failed")
    succeeded = _holds(one.status.conditions, "Complete")
    phase = Phase.DEGRADED if failed else Phase.HEALTHY if succeeded else Phase.PROGRESSING
    template = one.metadata.uid[:10]
    containers = one.spec.template.spec.containers
    return WorkloadSnapshot(
        name=one.metadata.name,
        application=application(one.metadata),
        kind="Job",
        phase=phase,
        image=containers[0].image if containers else "",
        desired=one.spec.completions,
        ready=one.status.succeeded,
        updated=len(family.pods),
        available=one.status.succeeded,
        template=template,
        since=one.metadata.created_at,
        progressed_at=unix(one.status.start_time) or one.metadata.created_at,
        complete=succeeded and not failed and target.settled,
        replicas=tuple(
            replica_of(pod, observed, evidence, now, current=True, template=template) for pod in family.pods
        ),
    )


def counts(one: Job, target: Target) -> bool:
    """Tell whether a Job is judged: not what a schedule made, no test, no hook of an earlier revision."""
    if any(owner.kind == "CronJob" for owner in one.metadata.owner_references):
        return False
    hooks = one.metadata.annotations.get(HOOK, "")
    return not hooks or ("test" not in hooks and one.metadata.created_at >= target.applied_at)


def _holds(conditions: tuple[Condition, ...], kind: str) -> bool:
    found = condition(conditions, kind)
    return found is not None and found.status == "True"
