"""A pod as a replica of its workload."""

from flaskship.engines.kubernetes.observing.conditions import changed_at, condition, is_ready, was_ready
from flaskship.engines.kubernetes.observing.exits import exits_of, runs
from flaskship.engines.kubernetes.observing.observed import Evidence, LogKey, Observed
from flaskship.engines.kubernetes.observing.ownership import about, template_hash
from flaskship.engines.kubernetes.observing.pods import ContainerStatus, Pod
from flaskship.engines.kubernetes.observing.probes import failures_of
from flaskship.engines.kubernetes.observing.problems import problem_of
from flaskship.engines.kubernetes.observing.shape import unix
from flaskship.model.snapshot import ReplicaPhase, ReplicaSnapshot

BACK_OFF = "CrashLoopBackOff"


def replica_of(
    pod: Pod, observed: Observed, evidence: Evidence, now: float, *, current: bool, template: str = ""
) -> ReplicaSnapshot:
    """Return the replica; current says whether it is of its workload's newest template."""
    events = about(observed.events, pod.metadata.uid)
    ready = is_ready(pod)
    main = main_status(pod)
    running = main.state.running if main is not None else None
    initializing = next((status for init, _, status in runs(pod) if init and status.state.running), None)
    return ReplicaSnapshot(
        name=pod.metadata.name,
        uid=pod.metadata.uid,
        template=template or template_hash(pod.metadata),
        current=current,
        phase=phase_of(pod),
        ready=ready,
        restarts=sum(status.restart_count for status in pod.status.container_statuses),
        created_at=pod.metadata.created_at,
        started_at=unix(running.started_at) if running is not None else None,
        ready_at=changed_at(condition(pod.status.conditions, "Ready")) if ready else None,
        was_ready=was_ready(pod),
        address=pod.status.pod_ip or None,
        exits=exits_of(pod, events, evidence),
        probes=failures_of(pod, events, evidence, now),
        problem=problem_of(pod, events, observed, now),
        last_lines=_last_lines(pod, initializing or main, evidence),
        initializing=initializing.name if initializing is not None else None,
    )


def main_status(pod: Pod) -> ContainerStatus | None:
    """Return the status of the first container: the application's."""
    if not pod.spec.containers:
        return None
    name = pod.spec.containers[0].name
    return next((one for one in pod.status.container_statuses if one.name == name), None)


def phase_of(pod: Pod) -> ReplicaPhase:
    """Return one word for where a pod is."""
    if pod.metadata.deletion_timestamp is not None:
        return ReplicaPhase.TERMINATING
    if pod.status.phase in ("Succeeded", "Failed"):
        return ReplicaPhase(pod.status.phase)
    statuses = [(init, status) for init, _, status in runs(pod)]
    if any(status.state.waiting and status.state.waiting.reason == BACK_OFF for _, status in statuses):
        return ReplicaPhase.BACK_OFF
    if is_ready(pod):
        return ReplicaPhase.READY
    if any(init and status.state.running for init, status in statuses):
        return ReplicaPhase.INITIALIZING
    serving = [status for init, status in statuses if not init]
    if not any(status.state.running for status in serving):
        return ReplicaPhase.PENDING
    return ReplicaPhase.RUNNING if all(status.started for status in serving) else ReplicaPhase.STARTING


def _last_lines(pod: Pod, status: ContainerStatus | None, evidence: Evidence) -> tuple[str, ...]:
    if status is None:
        return ()
    return evidence.lines.get(LogKey(pod.metadata.uid, status.name, status.restart_count), ())
