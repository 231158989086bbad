"""An Argo Rollout as a workload of a snapshot: its own controller says whether it is healthy."""

from flaskship.engines.kubernetes.observing.conditions import condition, is_ready
from flaskship.engines.kubernetes.observing.deployments import phase_of
from flaskship.engines.kubernetes.observing.endpoints import endpoints_of
from flaskship.engines.kubernetes.observing.observed import Evidence, Observed, Target
from flaskship.engines.kubernetes.observing.ownership import Family, application, template_hash
from flaskship.engines.kubernetes.observing.pods import Template
from flaskship.engines.kubernetes.observing.progress import EXCEEDED, progressed_at
from flaskship.engines.kubernetes.observing.refusals import refusal_of
from flaskship.engines.kubernetes.observing.replicas import replica_of
from flaskship.engines.kubernetes.observing.workloads import Rollout
from flaskship.model.snapshot import Phase, Problem, WorkloadSnapshot

KIND = "Rollout"


def rollout_snapshot(
    one: Rollout, target: Target, observed: Observed, evidence: Evidence, now: float
) -> WorkloadSnapshot:
    """Return the workload; complete only when Argo says Healthy and the newest template is the stable one."""
    family = Family.of(one.metadata.uid, observed)
    status, desired = one.status, one.spec.replicas
    seen = status.observed_generation == str(one.metadata.generation)
    hash_ = status.current_pod_hash if seen else ""
    newest_set = next((s for s in family.replica_sets if hash_ and template_hash(s.metadata) == hash_), None)
    new = family.of_template(hash_) if hash_ else ()
    replicas = tuple(
        replica_of(pod, observed, evidence, now, current=bool(hash_) and template_hash(pod.metadata) == hash_)
        for pod in family.pods
    )
    problem = refusal_of(newest_set, family, observed.events, target.applied_at, now) or _degraded(
        one, seen=seen
    )
    complete = (
        seen
        and target.settled
        and status.phase == "Healthy"
        and bool(hash_)
        and status.stable_rs == hash_
        and status.updated_replicas == status.available_replicas == desired
        and sum(is_ready(pod) for pod in new) == desired
    )
    template = template_of(one, observed)
    return WorkloadSnapshot(
        name=one.metadata.name,
        application=application(one.metadata),
        kind=KIND,
        phase=_phase(one, seen=seen)
        or phase_of(replicas, problem, complete=complete, paused=is_paused(one, seen=seen)),
        image=template.spec.containers[0].image if template.spec.containers else "",
        desired=desired,
        ready=status.ready_replicas,
        updated=status.updated_replicas if seen else 0,
        available=status.available_replicas,
        template=hash_,
        since=newest_set.metadata.created_at if newest_set is not None else 0.0,
        progressed_at=progressed_at(
            () if status.abort else status.conditions,
            new,
            begun_at=max(target.applied_at, one.metadata.specified_at),
            deadline=one.spec.progress_deadline_seconds,
            observed=seen,
            now=now,
        ),
        progress_deadline=one.spec.progress_deadline_seconds,
        paused=is_paused(one, seen=seen),
        complete=complete,
        replicas=replicas,
        endpoints=endpoints_of(template, family.pods, observed),
        problem=problem,
    )


def is_paused(one: Rollout, *, seen: bool) -> bool:
    """Tell whether it waits: at a step, before it promotes, or because somebody said so."""
    return one.spec.paused or (seen and (bool(one.status.pause_conditions) or one.status.phase == "Paused"))


def template_of(one: Rollout, observed: Observed) -> Template:
    """Return the pod template, which may stand in a Deployment that it refers to."""
    ref = one.spec.workload_ref
    if ref is None:
        return one.spec.template
    return next((d.spec.template for d in observed.deployments if d.metadata.name == ref.name), Template())


def _phase(one: Rollout, *, seen: bool) -> Phase | None:
    return Phase.DEGRADED if seen and one.status.phase == "Degraded" else None


def _degraded(one: Rollout, *, seen: bool) -> Problem | None:
    if not seen or one.status.phase != "Degraded":
        return None
    if one.status.abort:
        return Problem("RolloutAborted", f"Its update was aborted: {one.status.message or 'by request'}")
    told = condition(one.status.conditions, "Progressing")
    if told is not None and told.reason == EXCEEDED:
        return None  # the deadline is a cause of its own
    said = one.status.message or (told.message if told is not None else "") or "Argo Rollouts gives no reason"
    return Problem("RolloutDegraded", f"Argo Rollouts calls it degraded: {said}")
