"""One test of a release from its making to its end, told by its containers and not a moment later."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from flaskship.engines.base import Trial
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.endings import Ending, job_ending, pod_ending
from flaskship.engines.kubernetes.failures import (
    ConflictError,
    ExpiredError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import JOBS, PODS, Resource
from flaskship.engines.kubernetes.transport import Object
from flaskship.engines.kubernetes.yaml_of_helm import documents_of
from flaskship.model.errors import FlaskshipError

SECONDS = 120
"""How long one test may take from its beginning; the first one may have to wait for its image."""
BEGIN_SECONDS = 10.0
"""How soon a test that waited must have printed something, or ended: a kubelet that misses the word that it
may begin passes it on a minute and more later."""
OTHERS_SECONDS = 30.0
"""How long somebody else's run of the same test (`helm test`) is waited for."""
SETTLE = 1.0
LINES = 40
GOING_SECONDS = 30.0
"""How long what the last run left behind may take to go."""
LOOK = 0.2
WATCH_SECONDS = 30.0
WATCHED: Mapping[str, Resource] = {"Pod": PODS, "Job": JOBS}
DEFAULT_POLICIES = ("before-hook-creation",)
BEGIN = "flaskship.dev/begin"
"""Annotation of a test that reads it as a file, and begins when it says NOW: at once where Helm makes it."""
NOW, WAIT = "now", "wait"
RELEASE = "flaskship.dev/release"
"""Annotation of a test that waits: the release whose test it is, whatever labels its author gave it."""
HOOK = "helm.sh/hook"
LAST_LINE = "flaskship.dev/last-line"
"""Annotation with the line that a test prints last, and only where it is about to end with exit code 0."""
Later = Callable[[Coroutine[Any, Any, None]], Awaitable[None]]
"""Has something done that what a test came to does not depend on."""


async def at_once(work: Coroutine[Any, Any, None]) -> None:
    """Wait for it."""
    await work


@dataclass(frozen=True, slots=True)
class Hook:
    """One test as Helm has it stored."""

    name: str
    kind: str
    weight: int = 0
    policies: tuple[str, ...] = DEFAULT_POLICIES
    document: Object = field(default_factory=dict, repr=False)

    @property
    def waits(self) -> bool:
        """Whether it can be started before it is to begin, and made again where that came to nothing."""
        return (
            self.kind == "Pod"
            and self._annotations.get(BEGIN) == NOW
            and "before-hook-creation" in self.policies
        )

    @property
    def last_line(self) -> str:
        """What it prints last where it passes; empty where it promises nothing."""
        return str(self._annotations.get(LAST_LINE) or "") if self.kind == "Pod" else ""

    @property
    def _annotations(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (self.document.get("metadata") or {}).get("annotations") or {}
        return found


def hook_of(stored: Mapping[str, Any]) -> Hook:
    """Return a hook of Helm's record of a revision."""
    documents = documents_of(str(stored.get("manifest") or ""))
    return Hook(
        str(stored["name"]),
        str(stored.get("kind")),
        int(stored.get("weight") or 0),
        tuple(stored.get("delete_policies") or DEFAULT_POLICIES),
        documents[0] if documents else {},
    )


async def prepare_hook(
    cluster: Cluster,
    place: Place,
    hook: Hook,
    sleep: Callable[[float], Awaitable[None]],
    waits: Callable[[str], None] = lambda _: None,
) -> Object:
    """Make a test that waits, so that it is up when it is to begin."""
    metadata = hook.document["metadata"]
    annotations = {**metadata["annotations"], BEGIN: WAIT, RELEASE: place.release}
    waiting = {**hook.document, "metadata": {**metadata, "annotations": annotations}}
    return await _make(cluster, PODS, place.namespace, replace(hook, document=waiting), sleep, waits)


async def run_hook(
    cluster: Cluster,
    namespace: str,
    hook: Hook,
    sleep: Callable[[float], Awaitable[None]],
    prepared: Object | None = None,
    waits: Callable[[str], None] = lambda _: None,
    later: Later = at_once,
) -> Trial:
    """Make the test, wait for its end and clean up as it asks for; RefusedError where it cannot be made.

    One that was prepared is let begin instead, where it still waits. later has it cleaned up.
    """
    resource = WATCHED.get(hook.kind) or await _resource(cluster, hook)
    made = await _begun(cluster, namespace, hook, prepared) if prepared is not None else None
    if made is None:
        made = await _make(cluster, resource, namespace, hook, sleep, waits)
    if hook.kind not in WATCHED:
        return Trial(hook.name, True, "made")
    try:
        ending = await _ended(cluster, resource, namespace, hook, made)
        if ending.deleted and await _is_replaced(cluster, resource, namespace, hook, sleep):
            # Somebody's `helm test` took its place, which says nothing of the release.
            made = await _make(cluster, resource, namespace, hook, sleep, waits)
            ending = await _ended(cluster, resource, namespace, hook, made)
    except asyncio.CancelledError:
        await _remove(cluster, resource, namespace, made)
        raise
    log = () if ending.passed else await _log(cluster, namespace, hook)
    if ("hook-succeeded" if ending.passed else "hook-failed") in hook.policies:
        await later(_remove(cluster, resource, namespace, made))
    return Trial(hook.name, ending.passed, ending.message, log)


async def remove_hooks(cluster: Cluster, namespace: str, hooks: Iterable[Hook]) -> None:
    """Delete what is there of tests of a release that goes: one that waits would run on for nobody."""

    async def one(hook: Hook) -> None:
        with suppress(RefusedError):
            found = await cluster.find(WATCHED[hook.kind], hook.name, namespace)
            if found is not None and HOOK in (found["metadata"].get("annotations") or {}):
                await _remove(cluster, WATCHED[hook.kind], namespace, found)

    await asyncio.gather(*(one(hook) for hook in hooks if hook.kind in WATCHED))


async def _make(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    hook: Hook,
    sleep: Callable[[float], Awaitable[None]],
    waits: Callable[[str], None],
) -> Object:
    if "before-hook-creation" in hook.policies:
        await _let_others_end(cluster, resource, namespace, hook, sleep, waits)
        await cluster.delete(resource, hook.name, namespace)
    looks = int(GOING_SECONDS / LOOK)
    while True:
        try:
            return await cluster.create(resource, hook.document, namespace)
        except ConflictError:
            looks -= 1
            if looks < 0 or "before-hook-creation" not in hook.policies:
                raise
        await sleep(LOOK)


async def _let_others_end(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    hook: Hook,
    sleep: Callable[[float], Awaitable[None]],
    waits: Callable[[str], None],
) -> None:
    """Return once no run of the test goes on that somebody else began, or it has taken too long."""
    for look in range(int(OTHERS_SECONDS / LOOK) if hook.kind in WATCHED else 0):
        found = await cluster.find(resource, hook.name, namespace)
        if found is None or not _goes_on(resource, found):
            return
        if look == 0:
            waits(hook.name)
        await sleep(LOOK)


def _goes_on(resource: Resource, found: Object) -> bool:
    """Whether a test is under way; one that still waits was left behind by somebody who is gone."""
    metadata = found["metadata"]
    waits = (metadata.get("annotations") or {}).get(BEGIN) == WAIT
    judge = pod_ending if resource is PODS else job_ending
    return not waits and "deletionTimestamp" not in metadata and judge(found) is None


async def _is_replaced(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    hook: Hook,
    sleep: Callable[[float], Awaitable[None]],
) -> bool:
    """Whether something else stands in the place of a test that was deleted; Helm takes a moment for it."""
    if "before-hook-creation" not in hook.policies:
        return False
    await sleep(SETTLE)
    return await cluster.find(resource, hook.name, namespace) is not None


async def _remove(cluster: Cluster, resource: Resource, namespace: str, made: Object) -> None:
    metadata = made["metadata"]
    with suppress(FlaskshipError):
        await cluster.delete(resource, str(metadata["name"]), namespace, uid=metadata.get("uid"))


async def _begun(cluster: Cluster, namespace: str, hook: Hook, prepared: Object) -> Object | None:
    """Let a prepared test begin; None where it waits no more or does not hear of it.

    Neither says anything of the release.
    """
    name, uid = str(prepared["metadata"]["name"]), prepared["metadata"].get("uid")
    try:
        # Another one of that name has another uid, and refuses it.
        body = {"metadata": {"uid": uid, "annotations": {BEGIN: NOW}}}
        begun = await cluster.patch(PODS, name, body, namespace)
    except RefusedError:
        return None
    if "deletionTimestamp" in begun["metadata"] or pod_ending(begun) is not None:
        return None
    heard = False
    try:
        heard = await _has_begun(cluster, namespace, hook, begun)
    finally:
        if not heard:
            await _remove(cluster, PODS, namespace, begun)
    return begun if heard else None


async def _has_begun(cluster: Cluster, namespace: str, hook: Hook, begun: Object) -> bool:
    """Whether a test that may begin has printed something, or ended, in good time."""
    signs: tuple[asyncio.Future[Any], ...] = (
        asyncio.ensure_future(_spoke(cluster, namespace, hook)),
        asyncio.ensure_future(_ended_by_state(cluster, PODS, namespace, begun)),
    )
    try:
        seen, _ = await asyncio.wait(signs, timeout=BEGIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return bool(seen)
    finally:
        for one in signs:
            one.cancel()
        await asyncio.gather(*signs, return_exceptions=True)


async def _spoke(cluster: Cluster, namespace: str, hook: Hook) -> None:
    """Return once a test has printed a line, or where nobody may read what it prints."""
    while True:
        try:
            async with aclosing(cluster.logs(hook.name, namespace, follow=True)) as lines:
                async for _ in lines:
                    return
        except ForbiddenError:
            return
        except FlaskshipError:
            pass  # its container does not run yet
        await asyncio.sleep(LOOK)


async def _ended(cluster: Cluster, resource: Resource, namespace: str, hook: Hook, made: Object) -> Ending:
    """Return how a test ended: by its state, or by its last line, which is there up to a second sooner."""
    by_state = asyncio.ensure_future(_ended_by_state(cluster, resource, namespace, made))
    racing: set[asyncio.Future[Any]] = {by_state}
    if hook.last_line:
        racing.add(asyncio.ensure_future(_said(cluster, namespace, hook, by_state)))
    try:
        await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
        return by_state.result() if by_state.done() else Ending(True)
    finally:
        for one in racing:
            one.cancel()
        await asyncio.gather(*racing, return_exceptions=True)


async def _said(cluster: Cluster, namespace: str, hook: Hook, otherwise: "asyncio.Future[Ending]") -> None:
    """Return once the test has printed the line that it prints last, or with its state where it does not."""
    while not otherwise.done():
        # Nothing can be read before its container runs, and a test without that line has not passed by it.
        with suppress(FlaskshipError):
            async with aclosing(cluster.logs(hook.name, namespace, follow=True)) as lines:
                async for line in lines:
                    if line.strip() == hook.last_line:
                        return
            break
        await asyncio.sleep(LOOK)
    await asyncio.wait({otherwise})


async def _ended_by_state(cluster: Cluster, resource: Resource, namespace: str, made: Object) -> Ending:
    seen, judge = made, pod_ending if resource is PODS else job_ending
    try:
        async with asyncio.timeout(SECONDS), aclosing(_states(cluster, resource, namespace, made)) as states:
            async for seen in states:
                if (ending := judge(seen)) is not None:
                    return ending
    except TimeoutError:
        return Ending(False, f"it did not end within {SECONDS} s: {_standing(seen)}")
    except NotFoundError:
        pass
    return Ending(False, "somebody deleted it before it ended", deleted=True)


async def _states(
    cluster: Cluster, resource: Resource, namespace: str, made: Object
) -> AsyncGenerator[Object, None]:
    """Yield an object as it is now and after each change, until it is deleted."""
    name, seen = str(made["metadata"]["name"]), made
    while True:
        yield seen
        version = str(seen["metadata"].get("resourceVersion") or "")
        changes = cluster.watch(
            resource, namespace, version, fields=f"metadata.name={name}", seconds=WATCH_SECONDS
        )
        with suppress(ExpiredError):
            async with aclosing(changes):
                async for change in changes:
                    if change.type == "DELETED":
                        return
                    if change.type != "BOOKMARK":
                        yield change.object
        seen = await cluster.get(resource, name, namespace)


def _standing(seen: Mapping[str, Any]) -> str:
    """Say where something stands that does not end."""
    status = seen.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("status") == "False" and condition.get("message"):
            return str(condition["message"])
    return str(status.get("phase") or "nothing is known of it").lower()


async def _resource(cluster: Cluster, hook: Hook) -> Resource:
    known = await cluster.api_resources()
    try:
        return known[str(hook.document.get("apiVersion")), hook.kind]
    except KeyError:
        raise NotFoundError(f"the cluster does not know the kind {hook.kind} of test {hook.name}") from None


async def _log(cluster: Cluster, namespace: str, hook: Hook) -> tuple[str, ...]:
    """Return the end of what a test's pod printed; of a Job, of its last pod. Nothing where it is gone."""
    try:
        name = hook.name if hook.kind == "Pod" else await _pod_of_job(cluster, namespace, hook.name)
        return tuple([line async for line in cluster.logs(name, namespace, tail=LINES)]) if name else ()
    except FlaskshipError:
        return ()  # a failure without its log is still one


async def _pod_of_job(cluster: Cluster, namespace: str, job: str) -> str:
    pods = (await cluster.list(PODS, namespace, labels=f"job-name={job}")).items
    newest = max(pods, key=lambda one: str(one["metadata"].get("creationTimestamp")), default=None)
    return str(newest["metadata"]["name"]) if newest else ""
