"""What less than a deploy has to be allowed: reading an environment, and steering what runs in it.

Asked for only where the cluster has refused something: whoever may do all of it pays nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.permissions import (
    WATCHES,
    Kinds,
    Permissions,
    Purpose,
    Wanted,
    of,
    told,
)
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.reflecting import NEEDED, USEFUL
from flaskship.engines.kubernetes.resources import (
    DEPLOYMENTS,
    EVENTS,
    LEASES,
    NAMESPACES,
    PODS,
    ROLLOUTS,
    SECRETS,
)
from flaskship.model.errors import FlaskshipError
from flaskship.model.release import Document

READING = Purpose("cannot be read", "all that status, logs, events and history take", "read")
STEERING = Purpose("cannot be steered", "all that restart, scale, pause and resume take", "steer")


def to_read(*, logs: bool = False) -> Wanted:
    """Return what a read does; log lines are needed where they are all that is wanted."""
    lines = of(PODS, "get", sub="log")
    needed = [one for kind in (*NEEDED, SECRETS) for one in of(kind, "list")]
    needed += (*of(SECRETS, "get"), *(lines if logs else ()))
    follows = (one for kind in (*NEEDED, SECRETS) for one in of(kind, "watch"))
    blind = (*lines, *of(PODS, "get", sub="proxy"), *follows)
    return Wanted(frozenset(needed), {one: "" for one in blind if one not in needed})


def to_steer(documents: Iterable[Document], kinds: Kinds) -> Wanted:
    """Return what restart, scale, pause and resume of these objects do, the look for another writer too."""
    named = {(str(one.get("apiVersion")), str(one.get("kind"))) for one in documents}
    rendered = {kinds[one] for one in named if one in kinds}
    plurals = {(one.group, one.plural) for one in rendered}
    # The namespace is read by its own name, which a Role inside of it may allow.
    needed = [*to_read().needed, *of(NAMESPACES, "get"), *of(LEASES, "get", "create", "update")]
    for one in rendered:
        needed += of(one, "get")
    for one in (*NEEDED, SECRETS, *(one for one in USEFUL if (one.group, one.plural) in plurals)):
        needed += of(one, *WATCHES)
    steered = [one for one in (DEPLOYMENTS, ROLLOUTS) if (one.group, one.plural) in plurals] or [DEPLOYMENTS]
    for one in steered:
        needed += of(one, "patch")
    if ROLLOUTS in steered:
        needed += of(ROLLOUTS, "patch", sub="status")
    # An application that an autoscaler had is scaled by a part of it, where none has its replicas any more.
    parts = (permission for one in steered for permission in of(one, "patch", sub="scale"))
    blind = (*to_read().blind, *of(EVENTS, "create"), *parts)
    return Wanted(frozenset(needed), {one: "" for one in blind if one not in needed})


async def insist(
    cluster: Cluster, permissions: Permissions, place: Place, want: Wanted, purpose: Purpose
) -> None:
    """Raise ForbiddenError for all that is missing of it."""
    missing = await permissions.missing(place, want)
    if missing.needed:
        message, advice = await told(cluster, place, missing, purpose)
        raise ForbiddenError(
            f"{place.environment} {purpose.cannot} on {cluster.context}: {message}", hint=advice
        )


@asynccontextmanager
async def all_told(ask: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Tell all that is missing where one thing was refused; a refusal for another reason stays what it is."""
    try:
        yield
    except ForbiddenError as refused:
        try:
            await ask()
        except ForbiddenError:
            raise
        except FlaskshipError:
            raise refused from None
        raise
