"""What is known of a namespace: lists and changes in, the newest state of each object out.

A change that comes twice, late or after its object's end changes nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flaskship.engines.kubernetes.observing.observed import SHAPES, Observed
from flaskship.engines.kubernetes.observing.shape import Shape, parse

FIELDS = {
    "Deployment": "deployments",
    "Rollout": "rollouts",
    "ReplicaSet": "replica_sets",
    "StatefulSet": "stateful_sets",
    "DaemonSet": "daemon_sets",
    "Pod": "pods",
    "Job": "jobs",
    "Event": "events",
    "Service": "services",
    "Ingress": "ingresses",
    "HorizontalPodAutoscaler": "autoscalers",
    "PersistentVolumeClaim": "claims",
    "ExternalSecret": "external_secrets",
}
DELETED = "DELETED"


class Store:
    """The newest known state of every object of the kinds that a snapshot needs."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, Shape]] = {kind: {} for kind in SHAPES}
        self._versions: dict[str, str] = {}
        self._gone: dict[str, dict[str, str]] = {kind: {} for kind in SHAPES}

    def replace(self, kind: str, documents: Iterable[Mapping[str, Any]]) -> None:
        """Take a whole list of a kind for what there is."""
        for uid in self._objects[kind]:
            self._versions.pop(uid, None)
        self._objects[kind], self._gone[kind] = {}, {}
        for document in documents:
            self.change(kind, "ADDED", document)

    def change(self, kind: str, change: str, document: Mapping[str, Any]) -> bool:
        """Take one change of a watch, and tell whether anything is different now."""
        metadata = document.get("metadata") or {}
        uid, version = str(metadata.get("uid") or ""), str(metadata.get("resourceVersion") or "")
        if uid in self._gone[kind]:
            return False
        if change == DELETED:
            self._gone[kind][uid] = version
            self._versions.pop(uid, None)
            return self._objects[kind].pop(uid, None) is not None
        if uid in self._versions and not _newer(version, self._versions[uid]):
            return False
        self._objects[kind][uid] = parse(SHAPES[kind], document)
        self._versions[uid] = version
        return True

    def observed(self) -> Observed:
        """Return everything as it is known now."""
        found: dict[str, Any] = {FIELDS[kind]: tuple(one.values()) for kind, one in self._objects.items()}
        return Observed(**found)


def _newer(version: str, than: str) -> bool:
    """Compare resource versions; those that are no numbers are taken in the order in which they come."""
    if version.isdigit() and than.isdigit():
        return int(version) > int(than)
    return version != than
