"""The workloads of an environment as the state file has them, for when nobody can be asked."""

from flaskship.engines.local.manifests.release import read_release
from flaskship.engines.local.processes.identity import ProcessIdentity, alive
from flaskship.engines.local.rows import Intent, ReplicaRecord
from flaskship.engines.local.spec import Deployment
from flaskship.engines.local.state import State
from flaskship.model.snapshot import Phase, ReplicaPhase, ReplicaSnapshot, WorkloadSnapshot


def recorded_workloads(state: State, intent: Intent) -> tuple[WorkloadSnapshot, ...]:
    """Return each workload with its replicas: ready where a replica was ready and its process still lives."""
    spec = read_release(state.release(intent.environment, intent.revision).documents)
    records = state.replicas(intent.environment)
    return tuple(
        _workload(one, intent, tuple(_replica(state, r, one) for r in records if r.workload == one.name))
        for one in spec.deployments
    )


def _workload(spec: Deployment, intent: Intent, replicas: tuple[ReplicaSnapshot, ...]) -> WorkloadSnapshot:
    return WorkloadSnapshot(
        name=spec.name,
        application=spec.application,
        kind=spec.origin,
        phase=Phase.UNKNOWN,
        image=spec.template.main.image,
        desired=intent.scales.get(spec.name, spec.replicas),
        ready=sum(replica.ready for replica in replicas),
        updated=0,
        available=0,
        template="",
        replicas=replicas,
    )


def _replica(state: State, record: ReplicaRecord, spec: Deployment) -> ReplicaSnapshot:
    main = spec.template.main.name
    process = next((p for p in state.processes(record.uid) if p.container == main), None)
    lives = (
        process is not None
        and process.pid is not None
        and alive(ProcessIdentity(process.pid, process.start_time or 0, process.boot_id or ""))
    )
    phases = {"retiring": ReplicaPhase.TERMINATING}
    ready = lives and record.was_ready and record.stage == "initialized"
    return ReplicaSnapshot(
        name=record.name,
        uid=record.uid,
        template=record.template,
        current=False,
        phase=ReplicaPhase.READY if ready else phases.get(record.stage, ReplicaPhase.PENDING),
        ready=ready,
        restarts=max(0, process.attempt - 1) if process else 0,
        created_at=record.created_at,
        started_at=process.intended_at if process and lives else None,
        was_ready=record.was_ready,
        pid=process.pid if process and lives else None,
        address=record.address,
    )
