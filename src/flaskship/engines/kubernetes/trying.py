"""One test of a release from its making to its end, told by its containers and not a moment later."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from flaskship.engines.base import Trial
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ConflictError, ExpiredError, NotFoundError, RefusedError
from flaskship.engines.kubernetes.resources import JOBS, PODS, Resource
from flaskship.engines.kubernetes.transport import Object
from flaskship.engines.kubernetes.yaml_of_helm import documents_of
from flaskship.model.errors import FlaskshipError

SECONDS = 120
"""How long one test may take; the first one may have to wait for its image."""
LINES = 40
GOING_SECONDS = 30.0
"""How long what the last run left behind may take to go."""
LOOK = 0.2
WATCH_SECONDS = 30.0
WATCHED: Mapping[str, Resource] = {"Pod": PODS, "Job": JOBS}
STUCK = frozenset({"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
DEFAULT_POLICIES = ("before-hook-creation",)
BEGIN = "flaskship.dev/begin"
"""Annotation of a test that reads it as a file, and begins when it says NOW: at once where Helm makes it."""
NOW, WAIT = "now", "wait"
LAST_LINE = "flaskship.dev/last-line"
"""Annotation with the line that a test prints last, and only where it is about to end with exit code 0."""


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


@dataclass(frozen=True, slots=True)
class Ending:
    """How a test ended."""

    passed: bool
    message: str = "passed"


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
    cluster: Cluster, namespace: str, hook: Hook, sleep: Callable[[float], Awaitable[None]]
) -> Object:
    """Make a test that waits, so that it is up when it is to begin."""
    metadata = hook.document["metadata"]
    annotations = {**metadata["annotations"], BEGIN: WAIT}
    waiting = {**hook.document, "metadata": {**metadata, "annotations": annotations}}
    return await _make(cluster, PODS, namespace, replace(hook, document=waiting), sleep)


async def run_hook(
    cluster: Cluster,
    namespace: str,
    hook: Hook,
    sleep: Callable[[float], Awaitable[None]],
    prepared: Object | None = None,
) -> Trial:
    """Make the test, wait for its end and clean up as it asks for; RefusedError where it cannot be made.

    One that was prepared is let begin instead, where it still waits.
    """
    resource = WATCHED.get(hook.kind) or await _resource(cluster, hook)
    made = await _begun(cluster, namespace, prepared) if prepared is not None else None
    if made is None:
        made = await _make(cluster, resource, namespace, hook, sleep)
    if hook.kind not in WATCHED:
        return Trial(hook.name, True, "made")
    try:
        ending = await _ended(cluster, resource, namespace, hook, made)
    except asyncio.CancelledError:
        with suppress(FlaskshipError):
            await cluster.delete(resource, hook.name, namespace)
        raise
    log = () if ending.passed else await _log(cluster, namespace, hook)
    if ("hook-succeeded" if ending.passed else "hook-failed") in hook.policies:
        with suppress(FlaskshipError):
            await cluster.delete(resource, hook.name, namespace)
    return Trial(hook.name, ending.passed, ending.message, log)


def pod_ending(pod: Mapping[str, Any]) -> Ending | None:
    """Return how a pod ended; None while that is open.

    A pod that restarts nothing has ended with its last container. Its phase says so a second later, when its
    sandbox is gone.
    """
    status, spec = pod.get("status") or {}, pod.get("spec") or {}
    if status.get("phase") == "Succeeded":
        return Ending(True)
    containers = status.get("containerStatuses") or ()
    states = [*(status.get("initContainerStatuses") or ()), *containers]
    if spec.get("restartPolicy") == "Never" or status.get("phase") == "Failed":
        for one in states:
            code = _exit_code(one)
            if code:
                return Ending(False, f"its container {one.get('name')} ended with exit code {code}")
        if len(containers) == len(spec.get("containers") or ()) and all(
            _exit_code(one) == 0 for one in containers
        ):
            return Ending(True)
    if status.get("phase") == "Failed":
        said = status.get("message") or status.get("reason") or "its pod failed"
        return Ending(False, str(said))
    for one in states:
        waiting = (one.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in STUCK:
            said = f"{waiting['reason']}: {waiting.get('message') or one.get('image')}"
            return Ending(False, f"its container {one.get('name')} does not start: {said}")
    return None


def job_ending(job: Mapping[str, Any]) -> Ending | None:
    """Return how a Job ended; None while that is open."""
    for one in (job.get("status") or {}).get("conditions") or ():
        if one.get("status") == "True" and one.get("type") == "Complete":
            return Ending(True)
        if one.get("status") == "True" and one.get("type") == "Failed":
            return Ending(False, str(one.get("message") or one.get("reason") or "its Job failed"))
    return None


def _exit_code(container: Mapping[str, Any]) -> int | None:
    ended = (container.get("state") or {}).get("terminated")
    return None if ended is None else int(ended.get("exitCode") or 0)


async def _make(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    hook: Hook,
    sleep: Callable[[float], Awaitable[None]],
) -> Object:
    if "before-hook-creation" in hook.policies:
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


async def _begun(cluster: Cluster, namespace: str, prepared: Object) -> Object | None:
    """Let a prepared test begin; None where it waits no more, which says nothing of the release."""
    name, uid = str(prepared["metadata"]["name"]), prepared["metadata"].get("uid")
    now = await cluster.find(PODS, name, namespace)
    if (
        now is None
        or now["metadata"].get("uid") != uid
        or "deletionTimestamp" in now["metadata"]
        or pod_ending(now) is not None
    ):
        return None
    try:
        body = {"metadata": {"uid": uid, "annotations": {BEGIN: NOW}}}
        return await cluster.patch(PODS, name, body, namespace)
    except RefusedError:
        return None


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
    return Ending(False, "somebody deleted it before it ended")


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
