"""Replicas whose readiness nobody asks for: to Kubernetes they are ready as soon as they run.

A process that ends at once is ready for an instant, again after each restart. A verdict that believes it is a
success of what never served, or blames the address that does not answer. So who runs without a probe counts
once it has run for a while, and until then its exits are judged as those of one that was never ready.

So it is with every replica that has just failed and runs again, whoever asks it: with a sidecar that ends
each second it is ready between two ends. It counts once it has stayed well for TRIAL_SECONDS, and its second
failed end is that of the rollout. One that was ready and failed is told by how it ended, and not by the
probe that nobody answered then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flaskship.model.release import Document
from flaskship.model.snapshot import ReplicaSnapshot, Snapshot, WorkloadSnapshot
from flaskship.verification.subject import is_failure

SECONDS = 2.0
"""As long as a cause may take to be told."""
TRIAL_SECONDS = 10.0
"""Kubernetes' first back-off: what ends as soon as it runs has ended again by then."""
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
        """Return the snapshot, those replicas not ready that have not run for long enough to be believed."""
        if snapshot.release is None:
            return snapshot
        applied_at = snapshot.release.applied_at
        workloads = tuple(self._workload(one, applied_at, now) for one in snapshot.workloads)
        return snapshot if workloads == snapshot.workloads else replace(snapshot, workloads=workloads)

    def _workload(self, workload: WorkloadSnapshot, applied_at: float, now: float) -> WorkloadSnapshot:
        if workload.kind == "Job":
            return workload
        unasked = workload.name in self._names
        replicas = tuple(
            replace(one, ready=False, was_ready=False)
            if (unasked and self._doubts(one, applied_at, now)) or self._is_on_trial(one, now)
            else one
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
        return self._for(replica, now) < self._seconds

    def _is_on_trial(self, replica: ReplicaSnapshot, now: float) -> bool:
        """Whether one of the newest template failed a moment ago; an undo finds some that are older."""
        if not replica.current or not failed_lately(replica, now):
            return False
        if replica.ready:
            return self._for(replica, now) < TRIAL_SECONDS
        # What a probe ended is told by the probe.
        return replica.was_ready and replica.exits[-1].killed_by is None

    def _for(self, replica: ReplicaSnapshot, now: float) -> float:
        """For how long it has been ready since its last end, by our own clock: a node's may be another."""
        return now - self._seen.setdefault((replica.uid, len(replica.exits)), now)


def failed_lately(replica: ReplicaSnapshot, now: float) -> bool:
    """Tell whether a container of a replica that serves has failed within TRIAL_SECONDS."""
    failed = [one.at for one in replica.exits if not one.init and is_failure(one, serves=True)]
    return bool(failed) and now - max(failed) < TRIAL_SECONDS


def _containers(document: Document) -> list[Mapping[str, Any]]:
    pod = ((document.get("spec") or {}).get("template") or {}).get("spec") or {}
    return list(pod.get("containers") or ())


def _is_asked(container: Mapping[str, Any]) -> bool:
    return any(container.get(probe) for probe in PROBES)
