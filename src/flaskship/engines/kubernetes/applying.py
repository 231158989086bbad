"""Applying one object as Helm does, so that the next upgrade of a plain helm meets no other owner."""

import copy
from collections.abc import Mapping
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import Resource
from flaskship.model.release import Document

HELM = "helm"


async def apply_as_helm(cluster: Cluster, place: Place, resource: Resource, document: Document) -> None:
    """Apply a rendered object with the marks that Helm adds itself; what others set of its fields goes."""
    body: dict[str, Any] = copy.deepcopy(dict(document))
    metadata = body.setdefault("metadata", {})
    metadata.pop("namespace", None)
    metadata["labels"] = {**_texts(metadata, "labels"), "app.kubernetes.io/managed-by": "Helm"}
    metadata["annotations"] = {
        **_texts(metadata, "annotations"),
        "meta.helm.sh/release-name": place.release,
        "meta.helm.sh/release-namespace": place.namespace,
    }
    await cluster.apply(resource, body, place.namespace, manager=HELM, force=True)


def _texts(metadata: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return metadata.get(name) or {}
