"""Everything that can be known to fail before anything is changed; each finding says what to do."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flaskship.engines.kubernetes.admission import WORKLOADS, Looked, Planned, look_at_pods, planned_of
from flaskship.engines.kubernetes.blame import about_pod
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
)
from flaskship.engines.kubernetes.installing import how_to_install
from flaskship.engines.kubernetes.observing.ownership import HANDING_OVER
from flaskship.engines.kubernetes.permissions import Kinds, Permissions, told, wanted
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.refused_fields import refused_field
from flaskship.engines.kubernetes.resources import NAMESPACES, ROLLOUTS
from flaskship.model.errors import About, PausedError, PreflightError
from flaskship.model.release import Document

OLDEST, NEWEST = (1, 30), (1, 37)
AT_ONCE = 8
STEERED = ("Deployment", "Rollout")
UNKNOWN_FIELD = "field not declared in schema"
UNREADABLE = "failed to create typed patch object"
NAME = "app.kubernetes.io/name"
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is in the way, and what to do about it."""

    message: str
    advice: str | None = None
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A workload that somebody has paused."""

    workload: str
    application: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found: findings stop a deploy, warnings do not."""

    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    version: str = ""
    kinds: Kinds = field(default_factory=dict)
    paused: tuple[Held, ...] = ()
    handed_over: tuple[str, ...] = ()
    """Rollouts that are paused by a command which was to delete them, and is gone."""

    def insist(self, place: Place, context: str) -> None:
        """Raise PreflightError for all that was found, PausedError for a pause alone."""
        if not self.findings:
            self._insist_on_motion(place, context)
            return
        listed = [one.message for one in self.findings]
        text = listed[0] if len(listed) == 1 else "".join(f"\n  - {one}" for one in listed)
        advice = [one.advice for one in self.findings if one.advice]
        raise PreflightError(
            f"{place.environment} cannot be deployed to {context}: {text}",
            hint="; ".join(dict.fromkeys(advice)) or None,
            about=next((one.about for one in self.findings if one.about), None),
            parts=tuple(
                PreflightError(one.message, hint=one.advice, about=one.about) for one in self.findings
            )
            if len(self.findings) > 1
            else (),
        )

    def _insist_on_motion(self, place: Place, context: str) -> None:
        if self.paused:
            listed = ", ".join(one.workload for one in self.paused)
            raise PausedError(
                f"{place.environment} cannot be deployed to {context}: {listed} "
                f"{'is' if len(self.paused) == 1 else 'are'} paused and would change: nothing would replace "
                "those pods, and no progress deadline would run",
                hint="; ".join(place.command("resume", one.application) for one in self.paused),
            )


async def examine(
    cluster: Cluster,
    place: Place,
    documents: Iterable[Document],
    *,
    hooks: Iterable[Document] = (),
    pods: bool = True,
    permissions: Permissions | None = None,
) -> Examined:
    """Ask the cluster everything that a deploy of these objects needs; of their pods only where wanted."""
    permissions = permissions or Permissions(cluster)
    objects, hooks = tuple(documents), tuple(hooks)
    version, kinds = await asyncio.gather(cluster.version(), cluster.api_resources())
    findings = [
        *check_version(version, cluster.context),
        *check_kinds((*objects, *hooks), kinds, cluster.context),
    ]
    if findings:
        return Examined(tuple(findings), version=version, kinds=kinds)
    namespace = await cluster.find(NAMESPACES, place.namespace)
    findings += namespace_finding(place, namespace, cluster.context)
    if findings:
        return Examined(tuple(findings), version=version, kinds=kinds)
    findings += await check_permissions(permissions, cluster, place, objects, kinds)
    warnings: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    handed_over: tuple[str, ...] = ()
    if not findings:
        (refused, after), misspelt = await asyncio.gather(
            rehearse(cluster, place, objects, kinds), _misspelt(cluster, place, hooks, kinds)
        )
        findings += (*refused, *misspelt)
        still = tuple(paused(objects, after))
        handed_over = tuple(str(one["metadata"]["name"]) for one in still if _is_handed_over(one))
        held = await _held(cluster, place, (one for one in still if not _is_handed_over(one)), kinds)
        if pods and not findings:
            looked = await look_at_pods(cluster, place, await _planned(cluster, place, after, kinds), objects)
            findings += pod_findings(looked, place, objects)
            warnings = looked.unchecked
    return Examined(
        tuple(findings), warnings, version=version, kinds=kinds, paused=held, handed_over=handed_over
    )


def check_version(version: str, context: str) -> list[Finding]:
    """The server is of a supported minor version; a newer one is tried."""
    found = _VERSION.match(version)
    if found is None or (int(found[1]), int(found[2])) >= OLDEST:
        return []
    wanted = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    return [
        Finding(
            f"cluster {context} runs Kubernetes {version}, and Flaskship supports {wanted}",
            "upgrade the cluster",
        )
    ]


def check_kinds(documents: Iterable[Document], kinds: Kinds, context: str) -> list[Finding]:
    """The server knows every kind that is rendered."""
    unknown: dict[tuple[str, str], Document] = {}
    for one in documents:
        asked = (str(one.get("apiVersion")), str(one.get("kind")))
        if asked not in kinds:
            unknown.setdefault(asked, one)
    return [
        Finding(
            f"cluster {context} does not know the kind {kind} of {version}",
            _right_name(version, kind, kinds) or how_to_install(version, kind),
            About(kind, str(_identity(first)[1]), "", "kind"),
        )
        for (version, kind), first in sorted(unknown.items(), key=lambda one: one[0])
    ]


def _right_name(version: str, kind: str, kinds: Kinds) -> str | None:
    """Return how a kind is written that differs in its capitals alone."""
    meant = next(
        (known for at, known in sorted(kinds) if (at, known.lower()) == (version, kind.lower())), None
    )
    return f"a kind is written in its own capitals: say kind: {meant}" if meant else None


def namespace_finding(place: Place, namespace: Mapping[str, Any] | None, context: str) -> list[Finding]:
    """The namespace is not on its way out."""
    if namespace is None or (namespace.get("status") or {}).get("phase") != "Terminating":
        return []
    return [
        Finding(
            f"namespace {place.namespace} is being deleted",
            f"wait for its end: kubectl --context {context} get namespace {place.namespace}",
        )
    ]


async def check_permissions(
    permissions: Permissions, cluster: Cluster, place: Place, documents: Iterable[Document], kinds: Kinds
) -> list[Finding]:
    """The user of the context may do what a deploy does; all that is missing is one finding."""
    missing = await permissions.missing(place, wanted(documents, kinds))
    return [Finding(*await told(cluster, place, missing))] if missing.needed else []


async def rehearse(
    cluster: Cluster, place: Place, documents: Iterable[Document], kinds: Kinds
) -> tuple[list[Finding], list[Document]]:
    """The server would take every object: schemas, immutable fields, quota and admission have their say.

    What it would have then comes beside.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def tried(document: Document) -> Finding | Document:
        resource = kinds[str(document.get("apiVersion")), str(document.get("kind"))]
        namespace = place.namespace if resource.namespaced else None
        try:
            async with slots:
                return await cluster.apply(
                    resource, document, namespace, manager="helm", force=True, dry_run=True
                )
        except (InvalidError, ConflictError, ForbiddenError, NotFoundError) as error:
            return _refused(document, error.message)
        except RefusedError as error:
            # What a schema does not have is our own error, though the server says 500.
            if error.answered != 400 and not _is_of_a_schema(error.message):
                raise
            return _refused(document, error.message)

    answers = await asyncio.gather(*(tried(one) for one in documents))
    refused = [one for one in answers if isinstance(one, Finding)]
    return refused, [one for one in answers if not isinstance(one, Finding)]


async def _misspelt(cluster: Cluster, place: Place, hooks: Iterable[Document], kinds: Kinds) -> list[Finding]:
    """Return what is wrong of the hooks by their schemas alone.

    One of an earlier run may be there, which could not become the new one, and nobody needs to be allowed to
    change it: all that the server says after it has read a hook says nothing of the next run.
    """

    async def tried(hook: Document) -> Finding | None:
        resource = kinds[str(hook.get("apiVersion")), str(hook.get("kind"))]
        namespace = place.namespace if resource.namespaced else None
        try:
            await cluster.apply(resource, hook, namespace, manager="helm", force=True, dry_run=True)
        except RefusedError as error:
            return _refused(hook, error.message) if _is_of_a_schema(error.message) else None
        return None

    known = [
        one
        for one in hooks
        if (str(one.get("apiVersion")), str(one.get("kind"))) in kinds
        and (one.get("metadata") or {}).get("name")
    ]
    answers = await asyncio.gather(*(tried(one) for one in known))
    return [one for one in answers if one is not None]


def _is_of_a_schema(said: str) -> bool:
    return UNKNOWN_FIELD in said or UNREADABLE in said


def _refused(document: Document, said: str) -> Finding:
    kind, own = (str(one) for one in _identity(document))
    port = "nodePort" if "provided port is already allocated" in said else ""
    path = "" if port else refused_field(said, document)
    if not port and not path and kind not in WORKLOADS:
        path = "metadata.name"
    about = About(kind, own, port, path)
    return Finding(f"the cluster refuses {kind}/{own}: {_reason(said)}", _advice(said), about)


async def _planned(
    cluster: Cluster, place: Place, after: Iterable[Document], kinds: Kinds
) -> tuple[Planned, ...]:
    async def now(document: Document) -> Document | None:
        resource = kinds[str(document.get("apiVersion")), str(document.get("kind"))]
        return await cluster.find(resource, str(document["metadata"]["name"]), place.namespace)

    workloads = [one for one in after if one.get("kind") in WORKLOADS]
    before = await asyncio.gather(*(now(one) for one in workloads))
    return tuple(planned_of(zip(before, workloads, strict=True)))


def pod_findings(looked: Looked, place: Place, documents: Sequence[Document]) -> list[Finding]:
    """What the namespace refuses of the pods, and what its quotas have no room for."""
    found = [
        Finding(
            f"the cluster refuses the pods of {one.workload}: {_of_a_pod(one.why)}",
            _advice(one.why),
            about_pod(one.workload, one.why, documents),
        )
        for one in looked.refused
    ]
    for short in looked.short:
        when = " while old ones are replaced" if short.replacing else ""
        message = (
            f"ResourceQuota/{short.quota} of namespace {place.namespace} has no room for the rollout: "
            f"its pods need {short.resource}={short.needed}{when}, "
            f"other pods have {short.others}, and {short.allowed} is allowed"
        )
        advice = f"ask for more quota, or lower {short.field} in the values"
        if short.replacing:
            advice += (
                ", or let an old pod go before its successor comes: strategy.rollingUpdate.maxUnavailable=1"
            )
        kind, _, name = short.workload.partition("/")
        found.append(Finding(message, advice, About(kind, name, short.path)))
    return found


async def _held(cluster: Cluster, place: Place, paused: Iterable[Document], kinds: Kinds) -> tuple[Held, ...]:
    """Return those whose pods would have to be replaced: what the apply leaves as it is may stay paused."""

    async def held(then: Document) -> Held | None:
        resource, name = kinds[str(then["apiVersion"]), str(then["kind"])], str(then["metadata"]["name"])
        now = await cluster.find(resource, name, place.namespace)
        if now is not None and stands_still(now, then):
            return None
        labels = then["metadata"].get("labels") or {}
        return Held(f"{then['kind']}/{name}", str(labels.get(NAME) or name))

    found = await asyncio.gather(*(held(one) for one in paused))
    return tuple(one for one in found if one is not None)


def stands_still(now: Document, then: Document) -> bool:
    """Tell whether a workload has replaced all its pods, and an apply asks for no others."""
    if (now.get("spec") or {}).get("template") != (then.get("spec") or {}).get("template"):
        return False
    status = now.get("status") or {}
    if then.get("kind") == "Rollout":
        return bool(status.get("stableRS")) and status.get("currentPodHash") == status.get("stableRS")
    return int(status.get("updatedReplicas") or 0) == int(status.get("replicas") or 0)


def paused(documents: Iterable[Document], after: Iterable[Document]) -> Iterator[Document]:
    """Yield the workloads that an apply would leave paused, though their documents do not say so."""
    meant = {_identity(one) for one in documents if (one.get("spec") or {}).get("paused")}
    for one in after:
        if (
            one.get("kind") in STEERED
            and (one.get("spec") or {}).get("paused")
            and _identity(one) not in meant
        ):
            yield one


def _is_handed_over(document: Document) -> bool:
    marks = document["metadata"].get("annotations") or {}
    return document["kind"] == ROLLOUTS.kind and HANDING_OVER in marks


def _identity(document: Document) -> tuple[Any, Any]:
    return document.get("kind"), (document.get("metadata") or {}).get("name")


def _of_a_pod(message: str) -> str:
    """Return the server's words without the name of the pod that was only tried."""
    return _reason(message).removeprefix("pods ").partition(" is forbidden: ")[2] or _reason(message)


def _reason(message: str) -> str:
    return message.split(": ", 2)[-1]


def _advice(text: str) -> str | None:
    if "exceeded quota" in text:
        return "ask for more quota, or ask for less in the values: requests, limits, replicas"
    if "violates PodSecurity" in text:
        return (
            "correct what it names in the values (the chart's own containers fulfil restricted), or choose a "
            "namespace that allows it"
        )
    if UNKNOWN_FIELD in text:
        return "correct the field's name or its place in what renders it"
    if "must specify" in text and "quota" in text:
        return "the quota wants it said: set it under resources in the values"
    if "field is immutable" in text:
        return "this field cannot change in place: give the object another name, or delete it first"
    if "provided port is already allocated" in text:
        return "give the Service another nodePort in the values"
    return "change the values that set it"
