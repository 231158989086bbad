"""What the namespace would say of the pods that workloads make: asked by a dry run, before a write.

The server takes a Deployment whose pods it will refuse; only a pod itself meets Pod Security, LimitRanges,
quotas and the webhooks of pods.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ForbiddenError, InvalidError, NotFoundError, RefusedError
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.quotas import ENDED, Shortage, Wanted, shortages
from flaskship.engines.kubernetes.resources import PODS, QUOTAS
from flaskship.model.release import Document

AT_ONCE = 4
NAME = "flaskship-looks-before-"
WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "Job")
INSTANCE = "app.kubernetes.io/instance"
_NOT_THERE_YET = re.compile(r"error looking up service account|serviceaccount .* not found|no PriorityClass")
_UNABLE = re.compile(r"does not support dry run")


@dataclass(frozen=True, slots=True)
class Refused:
    """A workload whose pods would be refused, with the server's own words."""

    workload: str
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What a dry run of each pod came to; unchecked says what could not be looked at, and why."""

    refused: tuple[Refused, ...] = ()
    short: tuple[Shortage, ...] = ()
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A workload as it is now, None where it is not, and as the server would have it after the apply."""

    now: Document | None
    then: Document

    @property
    def name(self) -> str:
        """Its kind and name."""
        return f"{self.then.get('kind')}/{self.then['metadata']['name']}"


async def look_at_pods(
    cluster: Cluster, place: Place, planned: Sequence[Planned], documents: Iterable[Document]
) -> Looked:
    """Ask for each workload's pod once, then reckon whether all of them have room."""
    if not planned:
        return Looked()
    allowed = await cluster.may("create", PODS, place.namespace)
    if not allowed.allowed:
        what = f"Pod Security, LimitRanges and quotas of {place.namespace} for its pods"
        return Looked(unchecked=(f"{what}: its user may not create pods there, not even in a dry run",))
    made, slots = tuple(documents), asyncio.Semaphore(AT_ONCE)

    async def tried(one: Planned) -> tuple[Document, str | None]:
        pod = pod_of(one.then, made)
        try:
            async with slots:
                return await cluster.create(PODS, pod, place.namespace, dry_run=True), None
        except (ForbiddenError, InvalidError, NotFoundError) as error:
            return pod, error.message
        except RefusedError as error:
            if error.answered != 400:
                raise
            return pod, error.message

    answers = await asyncio.gather(*(tried(one) for one in planned))
    refused = tuple(
        Refused(one.name, why)
        for one, (_, why) in zip(planned, answers, strict=True)
        if why is not None and _is_final(why)
    )
    unchecked = [
        f"the pods of {one.name}: {why}"
        for one, (_, why) in zip(planned, answers, strict=True)
        if why is not None and _UNABLE.search(why)
    ]
    short: tuple[Shortage, ...] = ()
    try:
        pods = [pod for pod, _ in answers]
        short = tuple(await _reckoned(cluster, place, planned, pods, made))
    except ForbiddenError:
        unchecked.append(f"quotas of {place.namespace}: its user may not list them and the pods there")
    return Looked(refused, short, tuple(unchecked))


def planned_of(pairs: Iterable[tuple[Document | None, Document]]) -> Iterator[Planned]:
    """Yield the workloads among objects that are (now, after an apply)."""
    for now, then in pairs:
        if then.get("kind") == "Job" and now is not None:
            continue  # a Job that is there makes no more pods
        if then.get("kind") in WORKLOADS and isinstance((then.get("spec") or {}).get("template"), Mapping):
            yield Planned(now, then)


def pod_of(workload: Document, documents: Iterable[Document]) -> Document:
    """Return a pod of the workload's template that nothing adopts and that needs nothing still to be made."""
    template = workload["spec"]["template"]
    selected = ((workload["spec"].get("selector") or {}).get("matchLabels") or {}).keys()
    given = template.get("metadata") or {}
    labels = {key: value for key, value in (given.get("labels") or {}).items() if key not in selected}
    spec: dict[str, Any] = dict(template.get("spec") or {})
    coming = {(one.get("kind"), (one.get("metadata") or {}).get("name")) for one in documents}
    if ("ServiceAccount", spec.get("serviceAccountName")) in coming:
        for key in ("serviceAccountName", "serviceAccount"):
            spec.pop(key, None)
    if ("PriorityClass", spec.get("priorityClassName")) in coming:
        for key in ("priorityClassName", "priority", "preemptionPolicy"):
            spec.pop(key, None)
    metadata = {"generateName": NAME, "labels": labels, "annotations": given.get("annotations") or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _is_final(why: str) -> bool:
    # Whether a quota has room is reckoned for the whole rollout: its old pods may make some.
    passing = "exceeded quota" in why or _UNABLE.search(why) or _NOT_THERE_YET.search(why)
    return not passing


async def _reckoned(
    cluster: Cluster,
    place: Place,
    planned: Sequence[Planned],
    pods: Sequence[Document],
    documents: Sequence[Document],
) -> list[Shortage]:
    quotas = (await cluster.list(QUOTAS, place.namespace)).items
    if not quotas:
        return []
    there = [
        one
        for one in (await cluster.list(PODS, place.namespace)).items
        if (one.get("status") or {}).get("phase") not in ENDED and "deletionTimestamp" not in one["metadata"]
    ]
    wanted, ours = [], set()
    for one, pod in zip(planned, pods, strict=True):
        own = [each for each in there if _selects(one.then, each)]
        ours |= {each["metadata"]["name"] for each in own}
        spec = _at_least(one.then, documents)
        succeeds = one.now is None and bool(own)
        wanted.append(
            Wanted(one.name, spec, _with_class(one.then, pod), tuple(own), _template_differs(one), succeeds)
        )
    others = [
        each
        for each in there
        if each["metadata"]["name"] not in ours
        # Those of a workload that the release drops go with it.
        and (each["metadata"].get("labels") or {}).get(INSTANCE) != place.release
    ]
    return shortages(quotas, wanted, others)


def _at_least(workload: Document, documents: Iterable[Document]) -> Document:
    """Return the workload's spec with as many replicas as its autoscaler brings it to at once."""
    spec: Document = workload["spec"]
    for one in documents:
        scaler = one.get("spec") or {}
        target = scaler.get("scaleTargetRef") or {}
        if one.get("kind") == "HorizontalPodAutoscaler" and (target.get("kind"), target.get("name")) == (
            workload.get("kind"),
            workload["metadata"]["name"],
        ):
            return {**spec, "replicas": max(int(spec.get("replicas", 1)), int(scaler.get("minReplicas", 1)))}
    return spec


def _with_class(workload: Document, pod: Document) -> Document:
    """Return a pod that was tried without its PriorityClass, as that comes with it, as it will be."""
    name = (workload["spec"]["template"].get("spec") or {}).get("priorityClassName")
    return {**pod, "spec": {**pod["spec"], "priorityClassName": name}} if name else pod


def _selects(workload: Document, pod: Document) -> bool:
    wanted = ((workload["spec"].get("selector") or {}).get("matchLabels") or {}).items()
    return bool(wanted) and wanted <= (pod["metadata"].get("labels") or {}).items()


def _template_differs(one: Planned) -> bool:
    return one.now is None or (one.now.get("spec") or {}).get("template") != one.then["spec"]["template"]
