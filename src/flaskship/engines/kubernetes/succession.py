"""A workload that becomes one of another kind: what serves goes once its successor is healthy, not before.

A changed strategy makes a Rollout of a Deployment, or the other way round. Helm makes the new object and
deletes the old one at once, with all pods that serve. So the old one is told to be kept, both have their pods
for a while, and the old one is deleted after the verdict. A plain helm, Terraform and Argo CD do not do that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ForbiddenError, NotFoundError
from flaskship.engines.kubernetes.handing_over import hand_over
from flaskship.engines.kubernetes.keeping import POLICY
from flaskship.engines.kubernetes.observing.ownership import INSTANCE, KEPT_FOR
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import DEPLOYMENTS, ROLLOUTS, Resource
from flaskship.engines.kubernetes.transport import Object
from flaskship.model.release import Document

Key = tuple[str, str]
KINDS: Mapping[str, Resource] = {one.kind: one for one in (DEPLOYMENTS, ROLLOUTS)}


async def hold(cluster: Cluster, place: Place, documents: Iterable[Document]) -> tuple[Key, ...]:
    """Tell Helm to keep what objects of another kind and the same name are to take the place of."""
    rendered = _identities(documents)
    held = []
    for kind, name in sorted(rendered):
        for other, resource in KINDS.items():
            if other == kind or kind not in KINDS or (other, name) in rendered:
                continue
            try:
                before = await cluster.find(resource, name, place.namespace)
            except ForbiddenError:
                continue  # whoever may not see that kind has made none of it
            if before is not None and _is_ours(before, place):
                marks = {POLICY: "keep", KEPT_FOR: f"{kind}/{name}"}
                await _annotate(cluster, resource, name, place, marks)
                held.append((other, name))
    return tuple(held)


async def unmark(cluster: Cluster, place: Place, held: Iterable[Key]) -> None:
    """Make ordinary objects of the release of what was held, or is part of it again."""
    for kind, name in held:
        await _annotate(cluster, KINDS[kind], name, place, {POLICY: None, KEPT_FOR: None})


async def let_go(
    cluster: Cluster,
    place: Place,
    documents: Iterable[Document],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[str, ...]:
    """Delete what was kept and the release no longer has; what it has again is an ordinary object of it.

    What goes serves until its successor's Services lead to the successor.
    """
    documents = tuple(documents)
    rendered = _identities(documents)
    lists = await asyncio.gather(*(_kept(cluster, place, resource) for resource in KINDS.values()))
    gone = []
    for resource, name in (pair for found in lists for pair in found):
        if (resource.kind, name) in rendered:
            await unmark(cluster, place, [(resource.kind, name)])
        else:
            await hand_over(cluster, place, resource, name, documents, sleep)
            await cluster.delete(resource, name, place.namespace)
            gone.append(f"{resource.kind}/{name}")
    return tuple(gone)


def _identities(documents: Iterable[Document]) -> set[Key]:
    return {(str(one.get("kind")), str((one.get("metadata") or {}).get("name"))) for one in documents}


def _is_ours(found: Object, place: Place) -> bool:
    return (found["metadata"].get("labels") or {}).get(INSTANCE) == place.release


async def _annotate(
    cluster: Cluster, resource: Resource, name: str, place: Place, marks: Mapping[str, str | None]
) -> None:
    await cluster.patch(resource, name, {"metadata": {"annotations": dict(marks)}}, place.namespace)


async def _kept(cluster: Cluster, place: Place, resource: Resource) -> list[tuple[Resource, str]]:
    try:
        listed = await cluster.list(
            resource, place.namespace, labels=f"{INSTANCE}={place.release}", metadata_only=True
        )
    except (NotFoundError, ForbiddenError):
        return []  # a cluster without Argo Rollouts has none
    return [
        (resource, str(one["metadata"]["name"]))
        for one in listed.items
        if KEPT_FOR in (one["metadata"].get("annotations") or {})
    ]
