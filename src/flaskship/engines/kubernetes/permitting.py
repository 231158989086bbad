"""Whether the user of a context may do what a command is about to do: all that is missing is told at once."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from flaskship.engines.base import Doing
from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import RefusedError
from flaskship.engines.kubernetes.lesser import insist, to_abort, to_remove, to_steer, to_verify
from flaskship.engines.kubernetes.permissions import (
    DEPLOYING,
    Missing,
    Permissions,
    Purpose,
    Wanted,
    wanted_of,
)
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import PODS
from flaskship.engines.kubernetes.testing import hooks_of
from flaskship.model.release import Document

STEERING = Purpose("cannot be steered on", "all that restart, scale, pause and resume take", "steer")
REMOVING = Purpose("cannot be ended on", "all that down takes, with --purge or without", "down")
VERIFYING = Purpose("cannot be verified on", "all that verify takes", "verify")
PURPOSES: Mapping[Doing, Purpose] = {
    Doing.DEPLOY: DEPLOYING,
    Doing.ABORT: Purpose("cannot be aborted on", "all that an abort of these values takes", "abort"),
    Doing.STEER: STEERING,
    Doing.HOLD: STEERING,
    Doing.REMOVE: REMOVING,
    Doing.PURGE: REMOVING,
    Doing.VERIFY: VERIFYING,
    Doing.JUDGE: VERIFYING,
}


async def permit(
    cluster: Cluster, permissions: Permissions, place: Place, documents: tuple[Document, ...], doing: Doing
) -> Missing:
    """Raise ForbiddenError for all that is missing of what it takes; return what it can do without."""
    purpose = PURPOSES[doing]
    want = await _wanted(cluster, place, documents, doing)
    if doing is Doing.VERIFY:
        lacking = (await permissions.missing(place, want)).needed
        if lacking and not to_verify((), {}, tests=False).needed.intersection(lacking):
            without = place.command("verify", "--no-tests")
            purpose = replace(purpose, instead=f"without the release's own tests: {without}")
    return await insist(cluster, permissions, place, want, purpose)


async def _wanted(cluster: Cluster, place: Place, documents: tuple[Document, ...], doing: Doing) -> Wanted:
    if doing is Doing.DEPLOY:
        return await wanted_of(cluster, place, documents)
    kinds = await cluster.api_resources()
    if doing in (Doing.VERIFY, Doing.JUDGE):
        return to_verify(await _tests(cluster, place), kinds, tests=doing is Doing.VERIFY)
    if doing in (Doing.REMOVE, Doing.PURGE):
        # What runs is what the newest revision has; whoever may not see that is told of what the files have.
        both = (*documents, *await _newest(cluster, place))
        return to_remove(both, kinds, purge=doing is Doing.PURGE)
    objects = documents or await _newest(cluster, place)
    if doing is Doing.ABORT:
        return to_abort(await wanted_of(cluster, place, objects), objects, kinds)
    return to_steer(objects, kinds, locks=doing is Doing.STEER)


async def _newest(cluster: Cluster, place: Place) -> tuple[Document, ...]:
    """Return the objects of the newest revision; none where there is none, or its user may not see it."""
    with suppress(RefusedError):
        if known := await storage.revisions(cluster, place):
            return (await storage.stored(cluster, place, known[-1].number)).documents
    return ()


async def _tests(cluster: Cluster, place: Place) -> tuple[Document, ...]:
    """Return the newest revision's tests; a pod, as they are as a rule, where its user may not see them."""
    with suppress(RefusedError):
        known = await storage.revisions(cluster, place)
        return (
            tuple(one.document for one in await hooks_of(cluster, place, known[-1].number)) if known else ()
        )
    return ({"apiVersion": PODS.api_version, "kind": PODS.kind},)
