"""A Deployment as a workload of a snapshot."""

from flaskship.engines.kubernetes.observing.conditions import is_ready
from flaskship.engines.kubernetes.observing.endpoints import endpoints_of
from flaskship.engines.kubernetes.observing.observed import Evidence, Observed, Target
from flaskship.engines.kubernetes.observing.ownership import (
    Family,
    application,
    newest,
    standing,
    template_hash,
)
from flaskship.engines.kubernetes.observing.progress import progressed_at
from flaskship.engines.kubernetes.observing.refusals import refusal_of
from flaskship.engines.kubernetes.observing.replicas import replica_of
from flaskship.engines.kubernetes.observing.workloads import Deployment
from flaskship.model.snapshot import Phase, Problem, ReplicaPhase, ReplicaSnapshot, WorkloadSnapshot

TROUBLED = frozenset({ReplicaPhase.BACK_OFF, ReplicaPhase.FAILED})


def deployment_snapshot(
    one: Deployment, target: Target, observed: Observed, evidence: Evidence, now: float
) -> WorkloadSnapshot:
    """Return the workload; nothing of its status counts until its controller has seen the newest spec."""
    family = Family.of(one.metadata.uid, observed)
    seen = one.status.observed_generation >= one.metadata.generation
    # While it is paused its controller makes no ReplicaSet for a template that is newer than all of them.
    held = one.spec.paused and one.status.updated_replicas == 0
    newest_set = newest(family.replica_sets, one.metadata) if seen and not held else None
    template = template_hash(newest_set.metadata) if newest_set is not None else ""
    new = family.of_template(template) if template else ()
    replicas = tuple(
        replica_of(
            pod, observed, evidence, now, current=bool(template) and template_hash(pod.metadata) == template
        )
        for pod in family.pods
    )
    refusal = refusal_of(newest_set, family, observed.events, target.applied_at, now)
    status, desired = one.status, one.spec.replicas
    complete = (
        seen
        and target.settled
        and status.updated_replicas == status.replicas == status.available_replicas == desired
        and sum(is_ready(pod) for pod in new) == desired
        and sum(standing(pod) for pod in family.pods) == desired
    )
    return WorkloadSnapshot(
        name=one.metadata.name,
        application=application(one.metadata),
        kind="Deployment",
        phase=phase_of(replicas, refusal, complete=complete, paused=one.spec.paused),
        image=main_image(one),
        desired=desired,
        ready=status.ready_replicas,
        updated=status.updated_replicas if seen else 0,
        available=status.available_replicas,
        template=template,
        since=newest_set.metadata.created_at if newest_set is not None else 0.0,
        progressed_at=progressed_at(
            status.conditions,
            new,
            begun_at=max(target.applied_at, one.metadata.specified_at),
            deadline=one.spec.progress_deadline_seconds,
            observed=seen,
            now=now,
        ),
        progress_deadline=one.spec.progress_deadline_seconds,
        paused=one.spec.paused,
        complete=complete,
        replicas=replicas,
        endpoints=endpoints_of(one.spec.template, family.pods, observed),
        problem=refusal,
    )


def main_image(one: Deployment) -> str:
    """Return the image of the first container: the application's."""
    containers = one.spec.template.spec.containers
    return containers[0].image if containers else ""


def phase_of(
    replicas: tuple[ReplicaSnapshot, ...], refusal: Problem | None, *, complete: bool, paused: bool
) -> Phase:
    """Return one word for where a workload is."""
    if complete:
        return Phase.HEALTHY
    if paused:
        return Phase.PAUSED
    if refusal is not None and refusal.terminal:
        return Phase.DEGRADED
    troubled = any(
        replica.phase in TROUBLED or (replica.problem is not None and replica.problem.terminal)
        for replica in replicas
        if replica.current
    )
    return Phase.DEGRADED if troubled else Phase.PROGRESSING
