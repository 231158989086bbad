"""Replicas whose readiness nobody asks for: to Kubernetes they are ready as soon as they run.

A process that ends at once is ready for an instant, again after each restart. A verdict that believes it is a
success of what never served, or blames the address that does not answer. So who runs without a probe counts
once it has run for a while, and until then its exits are judged as those of one that was never ready.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flaskship.model.release import Document
from flaskship.model.snapshot import ReplicaSnapshot, Snapshot, WorkloadSnapshot

SECONDS = 2.0
"""As long as a cause may take to be told."""
KINDS = ("Deployment", "Rollout", "StatefulSet")
PROBES = ("readinessProbe", "startupProbe")


def unprobed(documents: Iterable[Document]) -> frozenset[str]:
    """Return the names of the workloads of which no container is asked whether it is ready."""
    return frozenset(
        str((document.get("metadata") or {}).get("name"))
        for document in documents
        if document.get("kind") in KINDS and not any(map(_is_asked, _containers(document)))
    )


class Doubt:
    """Looks at the snapshots of one rollout in their order, and takes back what no replica has shown yet."""

    def __init__(self, documents: Iterable[Document], seconds: float = SECONDS) -> None:
        self._names = unprobed(documents)
        self._seconds = seconds
        self._seen: dict[tuple[str, int], float] = {}

    def of(self, snapshot: Snapshot, now: float) -> Snapshot:
        """Return the snapshot, those replicas not ready that run without a probe and for too short a time."""
        if not self._names or snapshot.release is None:
            return snapshot
        applied_at = snapshot.release.applied_at
        workloads = tuple(
            self._workload(one, applied_at, now) if one.name in self._names else one
            for one in snapshot.workloads
        )
        return replace(snapshot, workloads=workloads)

    def _workload(self, workload: WorkloadSnapshot, applied_at: float, now: float) -> WorkloadSnapshot:
        replicas = tuple(
            replace(one, ready=False, was_ready=False) if self._doubts(one, applied_at, now) else one
            for one in workload.replicas
        )
        if replicas == workload.replicas:
            return workload
        ready = sum(one.ready for one in replicas)
        return replace(workload, replicas=replicas, ready=ready, complete=False)

    def _doubts(self, replica: ReplicaSnapshot, applied_at: float, now: float) -> bool:
        if not replica.current or replica.created_at < applied_at:
            return False
        if not replica.ready:
            return replica.was_ready
        # By our own clock: a node's may be another.
        since = self._seen.setdefault((replica.uid, len(replica.exits)), now)
        return now - since < self._seconds


def _containers(document: Document) -> list[Mapping[str, Any]]:
    pod = ((document.get("spec") or {}).get("template") or {}).get("spec") or {}
    return list(pod.get("containers") or ())


def _is_asked(container: Mapping[str, Any]) -> bool:
    return any(container.get(probe) for probe in PROBES)
