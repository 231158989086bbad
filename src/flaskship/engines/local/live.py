"""The objects of an environment as they are now: as deployed, with what commands have steered since."""

from collections.abc import Iterable
from typing import Any

from flaskship.model.release import Document
from flaskship.model.snapshot import Snapshot


def as_steered(
    deployed: Iterable[Document], snapshot: Snapshot, wanted: Iterable[Document]
) -> tuple[Document, ...]:
    """Return the deployed objects that are wanted, with the replicas and pauses that commands gave them."""
    identities = {_identity(one) for one in wanted}
    desired = {one.name: one.desired for one in snapshot.workloads}
    paused = {one.name for one in snapshot.workloads if one.paused}
    return tuple(
        _steered(document, desired.get(_identity(document)[1]), _identity(document)[1] in paused)
        for document in deployed
        if _identity(document) in identities
    )


def _identity(document: Document) -> tuple[str, str]:
    return str(document.get("kind", "")), str((document.get("metadata") or {}).get("name", ""))


def _steered(document: Document, desired: int | None, paused: bool) -> Document:
    spec = document.get("spec")
    if document.get("kind") not in ("Deployment", "Rollout") or not isinstance(spec, dict):
        return document
    changed: dict[str, Any] = dict(spec)
    # Where autoscaling decides, the object names no replicas and neither do we.
    if desired is not None and "replicas" in spec:
        changed["replicas"] = desired
    if paused:
        changed["paused"] = True
    return document if changed == spec else {**document, "spec": changed}
