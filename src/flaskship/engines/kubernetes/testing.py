"""A release's own tests (`helm test`): which there are, and what Helm and their pods' logs say of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.engines.base import Trial
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.helm import HelmFailure
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import JOBS, PODS, SECRETS
from flaskship.engines.kubernetes.storage import content_of, name_of
from flaskship.model.errors import FlaskshipError

SECONDS = 120
"""How long one test may take; the first one may have to wait for its image."""
LINES = 40
TEST = "test"
RunHelm = Callable[[str, str, str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Hook:
    """One test as Helm has it stored; phase is empty where it did not run in this revision."""

    name: str
    kind: str
    phase: str = ""
    stays: bool = True
    """Whether what it made is still there after a failure."""


async def hooks_of(cluster: Cluster, place: Place, revision: int) -> tuple[Hook, ...]:
    """Return a revision's tests in Helm's order; none where Helm does not have the revision."""
    try:
        secret = await cluster.get(SECRETS, name_of(place, revision), place.namespace)
    except NotFoundError:
        return ()
    found = [one for one in content_of(secret).get("hooks") or () if TEST in (one.get("events") or ())]
    found.sort(key=lambda one: (int(one.get("weight") or 0), str(one.get("kind")), str(one.get("name"))))
    return tuple(
        Hook(
            str(one["name"]),
            str(one.get("kind")),
            str((one.get("last_run") or {}).get("phase") or ""),
            "hook-failed" not in (one.get("delete_policies") or ()),
        )
        for one in found
    )


async def run_tests(cluster: Cluster, place: Place, revision: int, helm: RunHelm) -> tuple[Trial, ...]:
    """Run the tests by Helm, one after the other; the first that fails is the last of the result."""
    before = await hooks_of(cluster, place, revision)
    if not before:
        return ()
    request = {"release": place.release, "timeout": SECONDS, "patience": SECONDS * len(before) + 30}
    try:
        await helm(cluster.context, place.namespace, TEST, request)
    except HelmFailure as failure:
        return await _told(cluster, place, revision, failure)
    return tuple(Trial(one.name, True, "passed") for one in before)


async def _told(cluster: Cluster, place: Place, revision: int, failure: HelmFailure) -> tuple[Trial, ...]:
    tested: list[Trial] = []
    for one in await hooks_of(cluster, place, revision):
        if one.phase == "Succeeded":
            tested.append(Trial(one.name, True, "passed"))
            continue
        if one.stays and await _is_missing(cluster, place, one):
            tested.append(Trial(one.name, False, failure.detail, ran=False))
        else:
            tested.append(Trial(one.name, False, failure.detail, await _log(cluster, place, one)))
        break
    return tuple(tested)


async def _is_missing(cluster: Cluster, place: Place, hook: Hook) -> bool:
    """Tell whether a test was never made: a quota, an admission rule or a missing permission refused it."""
    resource = {"Pod": PODS, "Job": JOBS}.get(hook.kind)
    try:
        return resource is not None and await cluster.find(resource, hook.name, place.namespace) is None
    except FlaskshipError:
        return False  # nobody can tell: it failed


async def _log(cluster: Cluster, place: Place, hook: Hook) -> tuple[str, ...]:
    """Return the end of what a test's pod printed; of a Job, of its last pod. Nothing where it is gone."""
    try:
        name = hook.name if hook.kind == "Pod" else await _pod_of_job(cluster, place, hook.name)
        return tuple([line async for line in cluster.logs(name, place.namespace, tail=LINES)]) if name else ()
    except FlaskshipError:
        return ()  # a failure without its log is still one


async def _pod_of_job(cluster: Cluster, place: Place, job: str) -> str:
    pods = (await cluster.list(PODS, place.namespace, labels=f"job-name={job}")).items
    newest = max(pods, key=lambda one: str(one["metadata"].get("creationTimestamp")), default=None)
    return str(newest["metadata"]["name"]) if newest else ""
