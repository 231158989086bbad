"""A Service that leads to a workload which goes is led to its successor first.

Argo Rollouts puts the hash of its own pods into the selector of each Service that it steers where it looks
at the Rollout, also while Helm writes what takes the Rollout's place, and takes it away a moment after the
Rollout is gone. By then the old pods end, and those of a Deployment have no such hash: for as long as its
controller is busy nobody would serve.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from flaskship.engines.kubernetes.applying import apply_as_helm
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ForbiddenError, NotFoundError
from flaskship.engines.kubernetes.observing.ownership import HANDING_OVER
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import (
    ENDPOINT_SLICES,
    PODS,
    REPLICA_SETS,
    ROLLOUTS,
    SERVICES,
    Resource,
)
from flaskship.engines.kubernetes.transport import Object
from flaskship.model.release import Document

HASH = "rollouts-pod-template-hash"
SERVICE = "kubernetes.io/service-name"
LOOK = 0.2
NOTICED_LOOKS = 25
"""How long Argo Rollouts may take to see that it is to steer no more."""
MOVED_LOOKS = 75
"""How long the endpoints may take to follow; then what goes goes all the same."""
Sleep = Callable[[float], Awaitable[None]]


async def hand_over(
    cluster: Cluster, place: Place, going: Resource, name: str, documents: Iterable[Document], sleep: Sleep
) -> None:
    """Return once each Service among the objects that leads to what goes leads to another pod, too."""
    services = {str(one["metadata"]["name"]): one for one in documents if one.get("kind") == SERVICES.kind}
    # Whoever may not see a part of it deploys as ever.
    with suppress(ForbiddenError, NotFoundError):
        if services and going == ROLLOUTS:
            await _take_routes(cluster, place, name, services, sleep)
    with suppress(ForbiddenError, NotFoundError):
        for _ in range(MOVED_LOOKS if services else 0):
            if await _is_led_elsewhere(cluster, place, going, name, services.keys()):
                return
            await sleep(LOOK)


async def _take_routes(
    cluster: Cluster, place: Place, name: str, services: Mapping[str, Document], sleep: Sleep
) -> None:
    """Stop Argo Rollouts from steering, and give the Services that it has steered their own selectors."""
    paused = await _pause(cluster, place, name)
    for _ in range(NOTICED_LOOKS):
        seen = await cluster.get(ROLLOUTS, name, place.namespace)
        if str((seen.get("status") or {}).get("observedGeneration")) == str(
            paused["metadata"].get("generation")
        ):
            break
        await sleep(LOOK)
    for service, document in services.items():
        if not (document.get("spec") or {}).get("selector"):
            continue  # another Rollout of the release steers it
        now = await cluster.find(SERVICES, service, place.namespace)
        if now is not None and HASH in ((now.get("spec") or {}).get("selector") or {}):
            await apply_as_helm(cluster, place, SERVICES, document)


async def _pause(cluster: Cluster, place: Place, name: str) -> Object:
    """Pause it as our own doing, in one write; what somebody paused stays theirs."""
    found = await cluster.get(ROLLOUTS, name, place.namespace)
    if (found.get("spec") or {}).get("paused"):
        return found
    body = {"metadata": {"annotations": {HANDING_OVER: "true"}}, "spec": {"paused": True}}
    return await cluster.patch(ROLLOUTS, name, body, place.namespace)


async def go_on(cluster: Cluster, place: Place, names: Iterable[str]) -> None:
    """Lift our own pause of Rollouts that a release has again: whoever paused them to delete them is gone."""
    body = {"metadata": {"annotations": {HANDING_OVER: None}}, "spec": {"paused": None}}
    for name in names:
        await cluster.patch(ROLLOUTS, name, body, place.namespace)


async def _is_led_elsewhere(
    cluster: Cluster, place: Place, going: Resource, name: str, services: Iterable[str]
) -> bool:
    workload = await cluster.get(going, name, place.namespace)
    sets = await cluster.list(REPLICA_SETS, place.namespace, metadata_only=True)
    own = _owned(sets.items, {str(workload["metadata"].get("uid"))}, "uid")
    pods = await cluster.list(PODS, place.namespace, metadata_only=True)
    old = _owned(pods.items, own, "name")
    ready: dict[str, set[str]] = {one: set() for one in services}
    for one in (await cluster.list(ENDPOINT_SLICES, place.namespace)).items:
        service = (one["metadata"].get("labels") or {}).get(SERVICE)
        if service in ready:
            ready[service] |= {_pod(point) for point in one.get("endpoints") or () if _is_ready(point)}
    return all(not led & old or led - old for led in ready.values())


def _owned(objects: Iterable[Object], owners: set[str], key: str) -> set[str]:
    return {
        str(one["metadata"].get(key))
        for one in objects
        if {str(owner.get("uid")) for owner in one["metadata"].get("ownerReferences") or ()} & owners
    }


def _pod(point: Mapping[str, Any]) -> str:
    return str((point.get("targetRef") or {}).get("name"))


def _is_ready(point: Mapping[str, Any]) -> bool:
    # Kubernetes says that an endpoint which tells nothing of itself is to be taken for ready.
    return (point.get("conditions") or {}).get("ready") is not False
