"""ConfigMaps and Secrets with hashed names outlive their revision, for the old pods; then they go.

Helm keeps them (helm.sh/resource-policy), because it would delete them before the last old pod is gone. What
no ReplicaSet, Pod or Job names any more, and the newest revision does not have, nobody can need: Kubernetes
keeps revisionHistoryLimit ReplicaSets, and the configuration of each lives as long.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ConflictError, ForbiddenError
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import (
    CLAIMS,
    CONFIG_MAPS,
    CRON_JOBS,
    JOBS,
    PODS,
    REPLICA_SETS,
    SECRETS,
    Resource,
)
from flaskship.engines.kubernetes.transport import Object
from flaskship.model.release import Document

HASHED = re.compile(r"-[0-9a-f]{10}$")
POLICY = "helm.sh/resource-policy"
GENERATIONS = (CONFIG_MAPS, SECRETS)
Key = tuple[str, str]


async def prune(cluster: Cluster, place: Place, newest: Iterable[Document]) -> tuple[str, ...]:
    """Delete the generations that nothing refers to, and return their names."""
    kept = await _generations(cluster, place)
    # After the generations: whoever refers to one of them is seen, too.
    users = await asyncio.gather(
        *(cluster.list(one, place.namespace) for one in (REPLICA_SETS, PODS, JOBS, CRON_JOBS))
    )
    needed = named_by(item for listed in users for item in listed.items)
    doomed = superfluous(kept, needed, newest)
    for resource, item in doomed:
        try:
            version = item["metadata"]["resourceVersion"]
            await cluster.delete(
                resource, item["metadata"]["name"], place.namespace, resource_version=version
            )
        except (ConflictError, ForbiddenError):
            continue
    return tuple(f"{resource.kind}/{item['metadata']['name']}" for resource, item in doomed)


async def remove_all(cluster: Cluster, place: Place, *, purge: bool) -> None:
    """Delete every generation of a release that was removed, and with purge its data."""
    for resource, item in await _generations(cluster, place):
        await cluster.delete(resource, item["metadata"]["name"], place.namespace)
    if purge:
        selector = f"app.kubernetes.io/instance={place.release}"
        for claim in (await cluster.list(CLAIMS, place.namespace, labels=selector)).items:
            await cluster.delete(CLAIMS, claim["metadata"]["name"], place.namespace)


def superfluous(
    kept: Iterable[tuple[Resource, Object]], needed: frozenset[Key], newest: Iterable[Document]
) -> tuple[tuple[Resource, Object], ...]:
    """Return the generations that neither the newest revision has nor anything refers to."""
    rendered = {(str(one.get("kind")), str((one.get("metadata") or {}).get("name"))) for one in newest}
    return tuple(
        (resource, item)
        for resource, item in kept
        if (key := (resource.kind, str(item["metadata"]["name"]))) not in rendered and key not in needed
    )


def named_by(objects: Iterable[Mapping[str, Any]]) -> frozenset[Key]:
    """Return every ConfigMap and Secret that these objects refer to, by kind and name."""
    return frozenset(key for one in objects for key in _references(one.get("spec")))


async def _generations(cluster: Cluster, place: Place) -> tuple[tuple[Resource, Object], ...]:
    selector = f"app.kubernetes.io/instance={place.release}"
    lists = await asyncio.gather(
        *(cluster.list(one, place.namespace, labels=selector, metadata_only=True) for one in GENERATIONS)
    )
    return tuple(
        (resource, item)
        for resource, listed in zip(GENERATIONS, lists, strict=True)
        for item in listed.items
        if HASHED.search(item["metadata"]["name"])
        and (item["metadata"].get("annotations") or {}).get(POLICY) == "keep"
    )


def _references(spec: Any) -> Iterator[Key]:
    if isinstance(spec, Mapping):
        for key, value in spec.items():
            if key in _FIELDS and isinstance(value, Mapping):
                # A volume says secretName, a projection of one says name.
                yield from ((_FIELDS[key], value[one]) for one in ("name", "secretName") if one in value)
            yield from _references(value)
    elif isinstance(spec, list):
        for item in spec:
            yield from _references(item)


_FIELDS = {
    "configMapRef": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "configMap": "ConfigMap",
    "secretRef": "Secret",
    "secretKeyRef": "Secret",
    "secret": "Secret",
}
