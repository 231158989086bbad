"""What less than a deploy has to be allowed: reading, verifying, steering and ending an environment.

For a read it is asked for only where the cluster has refused something: whoever may read pays nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.permissions import (
    LOCKS,
    READ_SPACE,
    WATCHES,
    Kinds,
    Missing,
    Permission,
    Permissions,
    Purpose,
    Wanted,
    of,
    told,
)
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.reflecting import NEEDED, USEFUL
from flaskship.engines.kubernetes.resources import (
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    LEASES,
    PODS,
    ROLLOUTS,
    SECRETS,
    Resource,
)
from flaskship.model.errors import FlaskshipError
from flaskship.model.release import Document

READING = Purpose("cannot be read on", "all that status, logs, events and history take", "read")


def to_read(*, logs: bool = False) -> Wanted:
    """Return what a read does; log lines are needed where they are all that is wanted."""
    lines = of(PODS, "get", sub="log")
    needed = [one for kind in (*NEEDED, SECRETS) for one in of(kind, "list")]
    needed += (*of(SECRETS, "get"), *(lines if logs else ()))
    follows = (one for kind in (*NEEDED, SECRETS) for one in of(kind, "watch"))
    blind = (*lines, *of(PODS, "get", sub="proxy"), *follows)
    return Wanted(frozenset(needed), {one: "" for one in blind if one not in needed})


def to_steer(documents: Iterable[Document], kinds: Kinds, *, locks: bool = True) -> Wanted:
    """Return what restart and scale of these objects do, the look for another writer too; without locks what
    pause and resume do, which hold what another command may be moving.
    """
    rendered = _resources(documents, kinds)
    plurals = {(one.group, one.plural) for one in rendered}
    needed = [*to_read().needed, READ_SPACE]
    for one in rendered:
        needed += of(one, "get")
    for one in (*NEEDED, SECRETS, *(one for one in USEFUL if (one.group, one.plural) in plurals)):
        needed += of(one, *WATCHES)
    steered = [one for one in (DEPLOYMENTS, ROLLOUTS) if (one.group, one.plural) in plurals] or [DEPLOYMENTS]
    for one in steered:
        needed += of(one, "patch")
    if ROLLOUTS in steered:
        needed += of(ROLLOUTS, "patch", sub="status")
    locking = of(LEASES, *LOCKS)
    needed += locking if locks else ()
    # An application that an autoscaler had is scaled by a part of it, where none has its replicas any more.
    parts = (permission for one in steered for permission in of(one, "patch", sub="scale"))
    return _wanted(needed, (*to_read().blind, *of(EVENTS, "create"), *parts, *locking))


def to_abort(deploying: Wanted, documents: Iterable[Document], kinds: Kinds) -> Wanted:
    """Return what giving a rollout up takes: a deploy of what was before, and the controller's own word."""
    gradual = ROLLOUTS in _resources(documents, kinds)
    needed = {*deploying.needed, *(of(ROLLOUTS, "patch", sub="status") if gradual else ())}
    blind = {**dict.fromkeys(of(EVENTS, "create"), ""), **deploying.blind}
    return Wanted(frozenset(needed), {one: what for one, what in blind.items() if one not in needed})


def to_remove(documents: Iterable[Document], kinds: Kinds, *, purge: bool) -> Wanted:
    """Return what ending a release of these objects takes, and with purge removing its data."""
    needed = [*to_read().needed, READ_SPACE, *of(LEASES, *LOCKS), *of(SECRETS, "update", "delete")]
    needed += of(CONFIG_MAPS, "list", "delete")
    for one in _resources(documents, kinds):
        needed += of(one, "get", "delete")
    data = of(CLAIMS, "list", "delete")
    needed += data if purge else ()
    return _wanted(needed, (*to_read().blind, *of(PODS, "get", "delete"), *data))


def to_verify(hooks: Iterable[Document], kinds: Kinds, *, tests: bool) -> Wanted:
    """Return what judging takes: with the release's own tests, of which Helm keeps the ends, or without."""
    running = [*of(LEASES, *LOCKS), READ_SPACE, *of(SECRETS, "update")]
    for one in _resources(hooks, kinds):
        running += of(one, "get", "list", "watch", "create", "delete")
    needed = [*to_read().needed, *(running if tests else ())]
    asking = (*of(PODS, "get", "create", sub="portforward"), *of(ENDPOINT_SLICES, "list"))
    return _wanted(needed, (*to_read().blind, *asking, *running))


def _resources(documents: Iterable[Document], kinds: Kinds) -> frozenset[Resource]:
    named = {(str(one.get("apiVersion")), str(one.get("kind"))) for one in documents}
    return frozenset(kinds[one] for one in named if one in kinds)


def _wanted(needed: Iterable[Permission], blind: Iterable[Permission]) -> Wanted:
    wanted = frozenset(needed)
    return Wanted(wanted, {one: "" for one in blind if one not in wanted})


async def insist(
    cluster: Cluster, permissions: Permissions, place: Place, want: Wanted, purpose: Purpose
) -> Missing:
    """Raise ForbiddenError for all that is missing of it; return what can be done without."""
    missing = await permissions.missing(place, want)
    if missing.needed:
        message, advice = await told(cluster, place, missing, purpose)
        raise ForbiddenError(
            f"{place.environment} {purpose.cannot} {cluster.context}: {message}", hint=advice
        )
    return missing


@asynccontextmanager
async def all_told(ask: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
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
