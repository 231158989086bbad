"""Objects as somebody wants them now: what people and tools have set, without what Kubernetes fills in.

The API server keeps who set which field (metadata.managedFields). Its own controllers' fields, defaults and
the status belong to nobody who deploys: they are left out, and what is left can be compared with a manifest.
Who set fields since Helm last did is kept by name, in the place where the API server has it.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from flaskship.engines.kubernetes.applying import HELM
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import Resource
from flaskship.engines.kubernetes.transport import Object
from flaskship.model.release import Document

OF_KUBERNETES = ("kube-", "kubelet", "k3s", "cloud-controller", "metrics-server", "rollouts-controller")
OF_OPERATORS = ("external-secrets", "argo-rollouts")
OURS = ("meta.helm.sh/release-name", "meta.helm.sh/release-namespace")
AT_ONCE = 4


async def live_objects(cluster: Cluster, place: Place, documents: Iterable[Document]) -> tuple[Document, ...]:
    """Return those of the documents' objects that exist, each with what somebody set on it."""
    known = await cluster.api_resources()
    # The preferred version stands first: it is meant where a document names none.
    kinds = {("", kind): one for (_, kind), one in reversed(known.items())} | known
    slots = asyncio.Semaphore(AT_ONCE)

    async def look(document: Document) -> Document | None:
        resource: Resource | None = kinds.get(
            (str(document.get("apiVersion", "")), str(document.get("kind")))
        )
        if resource is None:
            return None
        name = str((document.get("metadata") or {}).get("name"))
        async with slots:
            found = await cluster.find(resource, name, place.namespace if resource.namespaced else None)
        return None if found is None else _with_writers(found, _with_secrets(found, as_set(found)))

    found = await asyncio.gather(*(look(one) for one in documents))
    return tuple(one for one in found if one is not None)


def _with_secrets(found: Mapping[str, Any], kept: Object) -> Object:
    """What is written as stringData is owned under that name and kept as data, which nobody else fills in."""
    return {**kept, "data": found["data"]} if found["kind"] == "Secret" and found.get("data") else kept


def _with_writers(found: Mapping[str, Any], kept: Object) -> Object:
    names = [{"manager": name} for name in writers_since_helm(found)]
    return {**kept, "metadata": {**kept["metadata"], "managedFields": names}} if names else kept


def writers_since_helm(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the managers other than Helm whose fields are no older than Helm's newest.

    Who is older was written over for a reason that somebody gave. Fields of the same value stay in the older
    one's name too, so that an environment that was taken over would be refused for ever if that counted.
    An entry's time is the server's, and stays as it is when somebody else takes fields out of the entry.
    """
    owners = [one for one in found["metadata"].get("managedFields") or () if _counts(one)]
    ours = max((str(one.get("time") or "") for one in owners if one.get("manager") == HELM), default="")
    others = (one for one in owners if one.get("manager") != HELM)
    # Times are whole seconds: in the same one the other may have come last. One that is not told counts.
    since = (one for one in others if not one.get("time") or str(one["time"]) >= ours)
    return tuple(dict.fromkeys(str(one.get("manager") or "") for one in since))


def as_set(found: Mapping[str, Any]) -> Object:
    """Return the object with the fields that a person, Helm or another tool owns."""
    metadata = found["metadata"]
    fields: dict[str, Any] = {}
    for owner in metadata.get("managedFields") or ():
        if _counts(owner):
            fields = _union(fields, owner.get("fieldsV1") or {}) if fields else owner.get("fieldsV1") or {}
    kept: Object = {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": {}}
    if fields:
        kept |= _extract(found, fields)
    known = {"name": metadata["name"]}
    if metadata.get("namespace"):
        known["namespace"] = metadata["namespace"]
    kept["metadata"] = {**kept["metadata"], **known}
    annotations = kept["metadata"].pop("annotations", None) or {}
    if rest := {key: value for key, value in annotations.items() if key not in OURS}:
        kept["metadata"]["annotations"] = rest
    return kept


def _counts(owner: Mapping[str, Any]) -> bool:
    manager = str(owner.get("manager") or "")
    return owner.get("subresource") != "status" and not manager.startswith((*OF_KUBERNETES, *OF_OPERATORS))


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of two owners; without fields of its own a value is owned as a whole."""
    if not one or not other:
        return {}
    return {
        key: _union(one[key], other[key]) if key in one and key in other else {**one, **other}[key]
        for key in {**one, **other}
    }


def _extract(value: Any, fields: Mapping[str, Any]) -> Any:
    """Return the part of a value that a set of owned fields names."""
    if not fields:
        return value
    if isinstance(value, Mapping):
        return {
            key[2:]: _extract(value[key[2:]], below)
            for key, below in fields.items()
            if key.startswith("f:") and key[2:] in value
        }
    if isinstance(value, list):
        return [
            _extract(item, below) for item in value for key, below in fields.items() if _is_meant(item, key)
        ]
    return value


def _is_meant(item: Any, key: str) -> bool:
    if key.startswith("k:") and isinstance(item, Mapping):
        return all(item.get(name) == wanted for name, wanted in json.loads(key[2:]).items())
    return key.startswith("v:") and item == json.loads(key[2:])
