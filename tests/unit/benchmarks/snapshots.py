"""A snapshot of one running replica."""

from flaskship.model.snapshot import Phase, ReplicaPhase, ReplicaSnapshot, Snapshot, WorkloadSnapshot


def running(name: str, pid: int, address: str) -> Snapshot:
    replica = ReplicaSnapshot(
        f"{name}-1", "uid", "t", current=True, phase=ReplicaPhase.READY, ready=True, pid=pid, address=address
    )
    workload = WorkloadSnapshot(
        name, name, "Deployment", Phase.HEALTHY, "image", 1, 1, 1, 1, "t", complete=True, replicas=(replica,)
    )
    return Snapshot("bench", "local", "ns", 0.0, Phase.HEALTHY, workloads=(workload,))
