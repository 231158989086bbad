"""Restart, scale, pause, resume and abort on a cluster: no new revision, and Helm stays the owner.

What the chart renders (replicas, the template) is applied as Helm applies it, under its field manager: the
next deploy sets it back. What it does not render (paused, the time of a restart) is ours, as it is kubectl's.
"""

import copy
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from flaskship.engines.base import Abort, Action, Pause, Restart, Resume, Scale
from flaskship.engines.kubernetes.applying import apply_as_helm
from flaskship.engines.kubernetes.client import STRATEGIC, Cluster
from flaskship.engines.kubernetes.failures import ForbiddenError, NotFoundError
from flaskship.engines.kubernetes.observing.ownership import HANDING_OVER, belongs
from flaskship.engines.kubernetes.observing.shape import parse
from flaskship.engines.kubernetes.observing.workloads import Deployment
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import (
    AUTOSCALERS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    ROLLOUTS,
    Resource,
)
from flaskship.engines.kubernetes.transport import Object
from flaskship.model.errors import ConfigurationError
from flaskship.model.release import Document

OURS = "flaskship"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
STEERED = (DEPLOYMENTS, ROLLOUTS)


@dataclass(frozen=True, slots=True)
class Stage:
    """The release whose workloads are steered: its objects now, and those of the revision before."""

    cluster: Cluster
    place: Place
    documents: tuple[Document, ...]
    earlier: tuple[Document, ...]
    now: float


async def steer(stage: Stage, name: str, action: Action) -> None:
    """Carry the action out on one workload of the release, and write it down as an event."""
    resource, found = await _find(stage, name)
    if isinstance(action, Scale):
        await _scale(stage, resource, found, action.replicas)
    elif resource == ROLLOUTS:
        await _steer_rollout(stage, found, action)
    else:
        await _steer_deployment(stage, found, action)
    await _note(stage, resource, found, _told(action))


async def _steer_deployment(stage: Stage, found: Object, action: Action) -> None:
    name = str(found["metadata"]["name"])
    match action:
        case Restart():
            annotations = {RESTARTED_AT: _stamp(stage.now)}
            body: Object = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
            await stage.cluster.patch(
                DEPLOYMENTS, name, body, stage.place.namespace, form=STRATEGIC, manager=OURS
            )
        case Pause():
            await _set_paused(stage, DEPLOYMENTS, name, paused=True)
        case Resume():
            await _set_paused(stage, DEPLOYMENTS, name, paused=False)
        case Abort():
            await _go_back(stage, found)


async def _steer_rollout(stage: Stage, found: Object, action: Action) -> None:
    name, cluster, where = str(found["metadata"]["name"]), stage.cluster, stage.place.namespace
    match action:
        case Restart():
            await cluster.patch(
                ROLLOUTS, name, {"spec": {"restartAt": _stamp(stage.now)}}, where, manager=OURS
            )
        case Pause():
            await _set_paused(stage, ROLLOUTS, name, paused=True)
        case Resume():
            await _promote(stage, found)
        case Abort():
            status = {"status": {"abort": True}}
            await cluster.patch(ROLLOUTS, name, status, where, sub="status", manager=OURS)


async def _promote(stage: Stage, found: Object) -> None:
    """Go on as the plugin's promote does: from a pause by hand, else from the pause of the step."""
    name = str(found["metadata"]["name"])
    status = found.get("status") or {}
    if (found.get("spec") or {}).get("paused"):
        await _set_paused(stage, ROLLOUTS, name, paused=False)
    if status.get("pauseConditions"):
        go_on = {"status": {"pauseConditions": None}}
        await stage.cluster.patch(ROLLOUTS, name, go_on, stage.place.namespace, sub="status", manager=OURS)
    elif status.get("abort"):
        again = {"status": {"abort": False}}
        await stage.cluster.patch(ROLLOUTS, name, again, stage.place.namespace, sub="status", manager=OURS)


async def _set_paused(stage: Stage, resource: Resource, name: str, *, paused: bool) -> None:
    # Removed, not set to false: a chart that renders the field meets no other owner.
    # Whoever says so by hand means it, whatever a command that is gone paused it for.
    body: Object = {"spec": {"paused": True if paused else None}}
    if resource == ROLLOUTS:
        body["metadata"] = {"annotations": {HANDING_OVER: None}}
    await stage.cluster.patch(resource, name, body, stage.place.namespace, manager=OURS)


async def _scale(stage: Stage, resource: Resource, found: Object, replicas: int) -> None:
    name = str(found["metadata"]["name"])
    await _refuse_autoscaled(stage, resource, name)
    document = _of(stage.documents, resource.kind, name)
    if document is None or "replicas" not in (document.get("spec") or {}):
        body = {"spec": {"replicas": replicas}}
        await stage.cluster.patch(resource, name, body, stage.place.namespace, sub="scale", manager=OURS)
        return
    changed = copy.deepcopy(dict(document))
    changed["spec"]["replicas"] = replicas
    await apply_as_helm(stage.cluster, stage.place, resource, changed)


async def _refuse_autoscaled(stage: Stage, resource: Resource, name: str) -> None:
    for one in await _listed(stage, AUTOSCALERS):
        target = (one.get("spec") or {}).get("scaleTargetRef") or {}
        if (target.get("kind"), target.get("name")) == (resource.kind, name):
            scaler = one["metadata"]["name"]
            raise ConfigurationError(
                f"{name} is scaled by HorizontalPodAutoscaler {scaler}, which would undo it at once",
                hint=f"set autoscaling.minReplicas and maxReplicas of {name} in the values, and deploy",
            )


async def _go_back(stage: Stage, found: Object) -> None:
    """Apply what the revision before had for the workload, its template above all."""
    name = str(found["metadata"]["name"])
    parsed = parse(Deployment, found)
    earlier = _of(stage.earlier, "Deployment", name)
    if earlier is None:
        raise ConfigurationError(
            f"{name} has no earlier revision to go back to", hint=f"see: {stage.place.command('history')}"
        )
    if parsed.spec.paused:
        await _set_paused(stage, DEPLOYMENTS, name, paused=False)
    back = copy.deepcopy(dict(earlier))
    if "replicas" in back.get("spec", {}):
        back["spec"]["replicas"] = parsed.spec.replicas
    await apply_as_helm(stage.cluster, stage.place, DEPLOYMENTS, back)


async def _find(stage: Stage, name: str) -> tuple[Resource, Object]:
    known = []
    for resource in (*STEERED, JOBS):
        for one in await _listed(stage, resource):
            if not belongs(parse(Deployment, {"metadata": one["metadata"]}).metadata, stage.place.release):
                continue
            if one["metadata"]["name"] == name and resource != JOBS:
                return resource, one
            known.append(str(one["metadata"]["name"]))
    if name in known:
        raise ConfigurationError(f"{name} is a Job: it runs to its end and cannot be steered")
    raise ConfigurationError(
        f"{stage.place.release} has no workload {name!r}",
        hint=f"it has: {', '.join(sorted(known)) or 'none'}",
    )


async def _listed(stage: Stage, resource: Resource) -> tuple[Object, ...]:
    """Return what the namespace has of a kind; nothing where the cluster lacks it, or forbids to see what the
    release does not have either: the Role that a deploy wants grants only what is rendered.
    """
    try:
        return tuple((await stage.cluster.list(resource, stage.place.namespace)).items)
    except NotFoundError:
        return ()
    except ForbiddenError:
        if any(one.get("kind") == resource.kind for one in stage.documents):
            raise
        return ()


def _of(documents: Iterable[Document], kind: str, name: str) -> Document | None:
    return next(
        (one for one in documents if one.get("kind") == kind and one["metadata"]["name"] == name), None
    )


def _told(action: Action) -> tuple[str, str]:
    match action:
        case Restart():
            return "Restarting", "every replica is replaced, asked for through flaskship"
        case Scale(replicas):
            return "Scaled", f"to {replicas} until the next deploy, through flaskship"
        case Pause():
            return "Paused", "the rollout is held, through flaskship"
        case Resume():
            return "Resumed", "the rollout goes on, through flaskship"
        case Abort():
            return "Aborted", "back to the template before, through flaskship"


async def _note(stage: Stage, resource: Resource, found: Object, told: tuple[str, str]) -> None:
    metadata = found["metadata"]
    reason, message = told
    at = _stamp(stage.now)
    body = {
        "metadata": {"generateName": f"{metadata['name']}.", "namespace": stage.place.namespace},
        "involvedObject": {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "name": metadata["name"],
            "namespace": stage.place.namespace,
            "uid": metadata["uid"],
        },
        "reason": reason,
        "message": message,
        "type": "Normal",
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "source": {"component": OURS},
    }
    with suppress(ForbiddenError):  # whoever may steer need not be allowed to write events
        await stage.cluster.create(EVENTS, body, stage.place.namespace)


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
