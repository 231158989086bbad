"""The events of an environment's namespace, oldest first."""

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.observing.shape import parse
from flaskship.engines.kubernetes.observing.surroundings import Event as Told
from flaskship.engines.kubernetes.resources import EVENTS
from flaskship.model.release import Event


async def events(cluster: Cluster, namespace: str) -> tuple[Event, ...]:
    """Return what the cluster wrote down, in the order in which it happened last."""
    listed = await cluster.list(EVENTS, namespace)
    told = sorted((parse(Told, one) for one in listed.items), key=lambda one: (one.at, one.metadata.name))
    return tuple(_event(one) for one in told)


def _event(one: Told) -> Event:
    again = f" ({one.times} times)" if one.times > 1 else ""
    return Event(
        at=one.at,
        object=f"{one.involved_object.kind}/{one.involved_object.name}",
        reason=one.reason,
        message=" ".join(one.message.split()) + again,
        type=one.type,
    )
