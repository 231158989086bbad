"""The snapshot of an environment, taken from its runtime at one instant."""

from flaskship.engines.local.jobs import JobOutcome
from flaskship.engines.local.resting import ENGINE, release_state
from flaskship.engines.local.spec import Job, PodTemplate
from flaskship.engines.local.supervisor import services
from flaskship.engines.local.supervisor.environment import EnvironmentRuntime
from flaskship.engines.local.supervisor.running_jobs import job_record
from flaskship.engines.local.supervisor.workloads import Workload
from flaskship.model.snapshot import (
    KilledBy,
    Phase,
    Problem,
    ReplicaPhase,
    ReplicaSnapshot,
    Snapshot,
    WorkloadSnapshot,
)


def snapshot(runtime: EnvironmentRuntime) -> Snapshot:
    """Return everything of a running environment at this instant."""
    generation = runtime.generations.get(runtime.intent.revision)
    jobs = generation.jobs if generation and runtime.intent.running else ()
    workloads = (
        *(_workload(runtime, workload) for workload in runtime.workloads.values()),
        *(_job(runtime, job, generation.template_key(job)) for job in jobs if generation),
    )
    return Snapshot(
        environment=runtime.name,
        engine=ENGINE,
        namespace=runtime.intent.namespace,
        at=runtime.world.now(),
        phase=overall(
            tuple(workload.phase for workload in workloads),
            running=runtime.intent.running,
            ending=bool(runtime.replicas),
        ),
        release=release_state(runtime.world.state, runtime.intent),
        workloads=workloads,
        notes=runtime.notes,
        containment=str(runtime.world.containment.describe()),
    )


def overall(phases: tuple[Phase, ...], *, running: bool, ending: bool) -> Phase:
    """Return the worst phase; of what shall not run, whether its replicas are still ending."""
    if not running:
        return Phase.PROGRESSING if ending else Phase.STOPPED
    order = (Phase.DEGRADED, Phase.PROGRESSING, Phase.PAUSED)
    return next((phase for phase in order if phase in phases), Phase.HEALTHY)


def _workload(runtime: EnvironmentRuntime, workload: Workload) -> WorkloadSnapshot:
    spec = workload.spec
    mine = [r for r in runtime.replicas.values() if r.record.workload == spec.name]
    replicas = tuple(r.snapshot(current=r.record.template == workload.template) for r in mine)
    standing = [r for r in mine if not r.terminating]
    new = [r for r in standing if r.record.template == workload.template]
    available = sum(workload.available(r, runtime.world.now()) for r in new)
    there = len(new) == available == workload.desired and len(standing) == len(new)
    # Healthy has to mean that requests are answered, not that they will be in a moment.
    complete = there and all(map(runtime.reachable, new))
    # It lost a replica, and the step that takes note of that is still to come.
    just_lost = workload.progress.complete and not there
    return WorkloadSnapshot(
        name=spec.name,
        application=spec.application,
        kind=spec.origin,
        phase=_phase(workload, replicas, complete=complete),
        image=spec.template.main.image,
        desired=workload.desired,
        ready=sum(r.ready for r in standing),
        updated=len(new),
        available=available,
        template=workload.template,
        since=workload.progress.since,
        progressed_at=runtime.world.now() if just_lost else workload.progress.at,
        progress_deadline=spec.progress_deadline,
        paused=workload.paused,
        complete=complete,
        replicas=replicas,
        endpoints=_endpoints(runtime, spec.template),
    )


def _endpoints(runtime: EnvironmentRuntime, template: PodTemplate) -> tuple[str, ...]:
    behind = [plan.url for plan in runtime.listeners if services.selects(plan.service, template)]
    return (*behind, *(runtime.entrance.urls(template) if runtime.entrance else ()))


def _job(runtime: EnvironmentRuntime, job: Job, template: str) -> WorkloadSnapshot:
    record = job_record(runtime, job, template)
    why = f"The Job {job.name} failed: {record.why or 'it gave up'}"
    problem = Problem("JobFailed", why, "command", record.last_lines)
    mine = [r for r in runtime.replicas.values() if r.record.workload == job.name]
    phases = {JobOutcome.SUCCEEDED: Phase.HEALTHY, JobOutcome.FAILED: Phase.DEGRADED}
    return WorkloadSnapshot(
        name=job.name,
        application=job.application,
        kind="Job",
        phase=phases[record.outcome] if record.outcome else Phase.PROGRESSING,
        image=job.template.main.image,
        desired=job.completions,
        ready=record.succeeded,
        updated=len(mine),
        available=record.succeeded,
        template=template,
        since=record.started_at,
        progressed_at=record.started_at,
        complete=record.outcome is JobOutcome.SUCCEEDED,
        replicas=tuple(r.snapshot(current=r.record.template == template) for r in mine),
        problem=problem if record.outcome is JobOutcome.FAILED else None,
    )


def _phase(workload: Workload, replicas: tuple[ReplicaSnapshot, ...], *, complete: bool) -> Phase:
    if complete:
        return Phase.HEALTHY
    if workload.paused:
        return Phase.PAUSED
    return Phase.DEGRADED if any(map(in_trouble, replicas)) else Phase.PROGRESSING


def in_trouble(replica: ReplicaSnapshot) -> bool:
    """Tell whether a replica waits to be started again, or has ended badly and not been ready since.

    One that is started again and again would otherwise be as it was at the instant of looking.
    """
    if replica.phase in (ReplicaPhase.BACK_OFF, ReplicaPhase.FAILED):
        return True
    if replica.ready or replica.phase is ReplicaPhase.TERMINATING:
        return False
    if replica.problem is not None and replica.problem.terminal:
        return True
    if not replica.exits:
        return False
    last = replica.exits[-1]
    return last.killed_by is not KilledBy.ENGINE and not (last.init and last.code == 0)
