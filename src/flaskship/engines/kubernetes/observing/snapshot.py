"""The snapshot of a release on a cluster: pure, from what was observed at one instant."""

from collections.abc import Iterator
from dataclasses import replace

from flaskship.engines.kubernetes.observing.conditions import changed_at, condition
from flaskship.engines.kubernetes.observing.deployments import deployment_snapshot
from flaskship.engines.kubernetes.observing.jobs import counts, job_snapshot
from flaskship.engines.kubernetes.observing.observed import Evidence, Observed, Target
from flaskship.engines.kubernetes.observing.ownership import KEPT_FOR, belongs
from flaskship.engines.kubernetes.observing.problems import GRACE_SECONDS
from flaskship.engines.kubernetes.observing.rollouts import rollout_snapshot
from flaskship.engines.kubernetes.observing.sets import daemon_set_snapshot, stateful_set_snapshot
from flaskship.engines.kubernetes.observing.shape import Meta
from flaskship.model.snapshot import Phase, Problem, Snapshot, WorkloadSnapshot

ENGINE = "kubernetes"
NOTED_KINDS = ("Deployment", "Rollout", "StatefulSet", "DaemonSet", "Job")
METRICS_SECONDS = 60.0
"""An autoscaler that has just been made has no measurement yet."""


def snapshot(target: Target, observed: Observed, evidence: Evidence, now: float) -> Snapshot:
    """Return everything of the release at this instant; what should be there and is not is told."""
    found = tuple(
        sorted(_workloads(target, observed, evidence, now), key=lambda one: (one.kind == "Job", one.name))
    )
    known = {(one.kind, one.name) for one in found}
    missing = tuple(
        _missing(kind, name, target, now)
        for kind, name in target.expected
        if kind in NOTED_KINDS and (kind, name) not in known
    )
    workloads = found + missing
    return Snapshot(
        environment=target.environment,
        engine=ENGINE,
        namespace=target.namespace,
        at=now,
        phase=overall(tuple(one.phase for one in workloads), ran=target.release is not None),
        # A pod's creation is told in whole seconds: it must not seem older than the apply that made it.
        release=target.release and replace(target.release, applied_at=target.applied_at),
        workloads=workloads,
        notes=tuple(_notes(target, observed, now)),
    )


def overall(phases: tuple[Phase, ...], *, ran: bool) -> Phase:
    """Return the worst phase; a release without workloads is healthy, no release at all is stopped."""
    if not ran and not phases:
        return Phase.STOPPED
    order = (Phase.DEGRADED, Phase.PROGRESSING, Phase.PAUSED)
    return next((phase for phase in order if phase in phases), Phase.HEALTHY)


def _workloads(
    target: Target, observed: Observed, evidence: Evidence, now: float
) -> Iterator[WorkloadSnapshot]:
    referred = {one.spec.workload_ref.name for one in observed.rollouts if one.spec.workload_ref is not None}
    for deployment in observed.deployments:
        # One that a Rollout refers to has lent it its template, and runs nothing itself.
        if (
            belongs(deployment.metadata, target.name)
            and deployment.metadata.name not in referred
            and not _goes("Deployment", deployment.metadata, target)
        ):
            yield deployment_snapshot(deployment, target, observed, evidence, now)
    for rollout in observed.rollouts:
        if belongs(rollout.metadata, target.name) and not _goes("Rollout", rollout.metadata, target):
            yield rollout_snapshot(rollout, target, observed, evidence, now)
    for stateful in observed.stateful_sets:
        if belongs(stateful.metadata, target.name):
            yield stateful_set_snapshot(stateful, target, observed, evidence, now)
    for daemon in observed.daemon_sets:
        if belongs(daemon.metadata, target.name):
            yield daemon_set_snapshot(daemon, target, observed, evidence, now)
    for job in observed.jobs:
        if belongs(job.metadata, target.name) and counts(job, target):
            yield job_snapshot(job, target, observed, evidence, now)


def _goes(kind: str, meta: Meta, target: Target) -> bool:
    """Tell whether it only serves until its successor of another kind is healthy: not what is judged."""
    return KEPT_FOR in meta.annotations and (kind, meta.name) not in target.expected


def _missing(kind: str, name: str, target: Target, now: float) -> WorkloadSnapshot:
    said = f"{kind} {name} is part of the release, but the cluster does not have it"
    gone = target.settled and now - target.applied_at >= GRACE_SECONDS
    return WorkloadSnapshot(
        name=name,
        application=name,
        kind=kind,
        phase=Phase.DEGRADED if gone else Phase.PROGRESSING,
        image="",
        desired=0,
        ready=0,
        updated=0,
        available=0,
        template="",
        since=target.applied_at,
        progressed_at=max(target.applied_at, now - 600),
        problem=Problem("WorkloadMissing", said, terminal=gone),
    )


def _notes(target: Target, observed: Observed, now: float) -> Iterator[str]:
    for scaler in observed.autoscalers:
        if not belongs(scaler.metadata, target.name):
            continue
        for kind in ("AbleToScale", "ScalingActive"):
            found = condition(scaler.status.conditions, kind)
            if found is None or found.status != "False" or found.reason == "ScalingDisabled":
                continue
            if now - changed_at(found) >= METRICS_SECONDS:
                yield f"HorizontalPodAutoscaler {scaler.metadata.name} does not scale: {found.message}"
    for claim in observed.claims:
        waited = now - claim.metadata.created_at
        if (
            belongs(claim.metadata, target.name)
            and claim.status.phase == "Pending"
            and waited >= GRACE_SECONDS
        ):
            yield f"PersistentVolumeClaim {claim.metadata.name} has waited for its volume for {waited:.0f} s"
    for secret in observed.external_secrets:
        ready = condition(secret.status.conditions, "Ready")
        if belongs(secret.metadata, target.name) and ready is not None and ready.status == "False":
            yield f"ExternalSecret {secret.metadata.name}: {ready.reason}: {ready.message}"
