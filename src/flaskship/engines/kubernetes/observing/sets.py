"""StatefulSets and DaemonSets as workloads of a snapshot: no ReplicaSet is between them and their pods."""

from flaskship.engines.kubernetes.observing.conditions import changed_at, condition, is_ready
from flaskship.engines.kubernetes.observing.deployments import phase_of
from flaskship.engines.kubernetes.observing.endpoints import endpoints_of
from flaskship.engines.kubernetes.observing.observed import Evidence, Observed, Target
from flaskship.engines.kubernetes.observing.ownership import Family, application, standing
from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.replicas import replica_of
from flaskship.engines.kubernetes.observing.workloads import DaemonSet, StatefulSet
from flaskship.model.snapshot import WorkloadSnapshot

HASH = "controller-revision-hash"
DEADLINE = 600
"""These kinds have none of their own: a Deployment's default."""


def stateful_set_snapshot(
    one: StatefulSet, target: Target, observed: Observed, evidence: Evidence, now: float
) -> WorkloadSnapshot:
    """Return the workload; complete when every replica is of the revision that its controller moves to."""
    status, desired = one.status, one.spec.replicas
    seen = status.observed_generation >= one.metadata.generation
    template = status.update_revision if seen else ""
    pods = Family.of(one.metadata.uid, observed).pods
    new = tuple(pod for pod in pods if standing(pod) and template and _hash(pod) == template)
    # A controller that has moved everything may leave the number of updated replicas out.
    moved = status.updated_replicas == desired or status.current_revision == status.update_revision
    complete = (
        seen
        and target.settled
        and moved
        and status.replicas == status.available_replicas == desired
        and sum(is_ready(pod) for pod in new) == desired
        and sum(standing(pod) for pod in pods) == desired
    )
    updated, ready, available = len(new), status.ready_replicas, status.available_replicas
    current = frozenset(pod.metadata.uid for pod in pods if template and _hash(pod) == template)
    return _workload(
        "StatefulSet",
        one,
        pods,
        current,
        (desired, ready, updated, available),
        (target, observed, evidence, now),
        template,
        complete=complete,
    )


def daemon_set_snapshot(
    one: DaemonSet, target: Target, observed: Observed, evidence: Evidence, now: float
) -> WorkloadSnapshot:
    """Return the workload; its pods say of which template they are, and only their age tells the newest."""
    status, desired = one.status, one.status.desired_number_scheduled
    seen = status.observed_generation >= one.metadata.generation
    pods = Family.of(one.metadata.uid, observed).pods
    newest = max(pods, key=lambda pod: pod.metadata.created_at, default=None)
    template = _hash(newest) if newest is not None and seen else ""
    complete = (
        seen
        and target.settled
        and status.updated_number_scheduled == status.number_available == desired
        and sum(is_ready(pod) for pod in pods) == desired
    )
    counts = (desired, status.number_ready, status.updated_number_scheduled, status.number_available)
    current = frozenset(pod.metadata.uid for pod in pods if template and _hash(pod) == template)
    around = (target, observed, evidence, now)
    return _workload("DaemonSet", one, pods, current, counts, around, template, complete=complete)


def _workload(
    kind: str,
    one: StatefulSet | DaemonSet,
    pods: tuple[Pod, ...],
    current: frozenset[str],
    counts: tuple[int, int, int, int],
    around: tuple[Target, Observed, Evidence, float],
    template: str,
    *,
    complete: bool,
) -> WorkloadSnapshot:
    target, observed, evidence, now = around
    desired, ready, updated, available = counts
    replicas = tuple(
        replica_of(pod, observed, evidence, now, current=pod.metadata.uid in current, template=_hash(pod))
        for pod in pods
    )
    containers = one.spec.template.spec.containers
    begun_at = max(target.applied_at, one.metadata.specified_at)
    steps = [begun_at, *(pod.metadata.created_at for pod in pods if pod.metadata.uid in current)]
    steps += [changed_at(condition(pod.status.conditions, "Ready")) for pod in pods if is_ready(pod)]
    return WorkloadSnapshot(
        name=one.metadata.name,
        application=application(one.metadata),
        kind=kind,
        phase=phase_of(replicas, None, complete=complete, paused=False),
        image=containers[0].image if containers else "",
        desired=desired,
        ready=ready,
        updated=updated,
        available=available,
        template=template,
        since=target.applied_at,
        progressed_at=max(steps),
        progress_deadline=DEADLINE,
        complete=complete,
        replicas=replicas,
        endpoints=endpoints_of(one.spec.template, pods, observed),
    )


def _hash(pod: Pod) -> str:
    return pod.metadata.labels.get(HASH, "")
