"""Tests that wait for a command which was killed: nobody lets them begin any more.

They end by themselves after some minutes. Only whoever has the environment's lock makes tests that wait, so
that whoever takes the lock over from a dead holder knows that those which are there are nobody's.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import RefusedError
from flaskship.engines.kubernetes.lease import Leases
from flaskship.engines.kubernetes.observing.observed import Observed
from flaskship.engines.kubernetes.observing.ownership import standing
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import PODS
from flaskship.engines.kubernetes.transport import Object
from flaskship.engines.kubernetes.trying import BEGIN, RELEASE, WAIT
from flaskship.model.errors import FlaskshipError

GRACE_SECONDS = 1


async def remove_left_behind(cluster: Cluster, place: Place) -> tuple[str, ...]:
    """Delete the release's tests that wait, and return the names of those that went; for whoever took the
    lock over.
    """
    # They end by themselves: whoever may not see or delete them writes all the same.
    try:
        pods = (await cluster.list(PODS, place.namespace, metadata_only=True)).items
    except RefusedError:
        return ()
    left = [one for one in pods if _waits(one["metadata"].get("annotations") or {}, place)]
    gone = await asyncio.gather(*(_remove(cluster, place, one) for one in left))
    return tuple(str(one["metadata"]["name"]) for one, went in zip(left, gone, strict=True) if went)


async def notes_of(leases: Leases, place: Place, observed: Observed) -> tuple[str, ...]:
    """Return a line for each test that waits where nobody has the lock; nothing is changed."""
    left = tuple(_standing(observed, place))
    if not left or leases.holds(place):
        return ()
    try:
        if await leases.is_held(place):
            return ()
    except FlaskshipError:
        return ()  # whoever may not see who writes is told nothing of it
    return tuple(
        f"test {one} waits for a command that is gone: it ends by itself, "
        "or with the next command that writes"
        for one in left
    )


def _standing(observed: Observed, place: Place) -> Iterator[str]:
    for pod in observed.pods:
        if _waits(pod.metadata.annotations, place) and standing(pod):
            yield pod.metadata.name


def _waits(annotations: Mapping[str, Any], place: Place) -> bool:
    return (annotations.get(BEGIN), annotations.get(RELEASE)) == (WAIT, place.release)


async def _remove(cluster: Cluster, place: Place, found: Object) -> bool:
    metadata = found["metadata"]
    name, uid = str(metadata["name"]), metadata.get("uid")
    try:
        return await cluster.delete(PODS, name, place.namespace, uid=uid, grace_seconds=GRACE_SECONDS)
    except RefusedError:
        return False
