"""Everything that can be known to fail before anything is changed; each finding says what to do."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
)
from flaskship.engines.kubernetes.installing import how_to_install
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import LEASES, NAMESPACES, SECRETS, Resource
from flaskship.model.errors import PreflightError
from flaskship.model.release import Document

OLDEST, NEWEST = (1, 30), (1, 37)
AT_ONCE = 8
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
Kinds = Mapping[tuple[str, str], Resource]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is in the way, and what to do about it."""

    message: str
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found: findings stop a deploy, warnings do not."""

    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    version: str = ""
    kinds: Kinds = field(default_factory=dict)

    def insist(self, place: Place, context: str) -> None:
        """Raise PreflightError for all that was found, the first advice last."""
        if not self.findings:
            return
        listed = [one.message for one in self.findings]
        text = listed[0] if len(listed) == 1 else "".join(f"\n  - {one}" for one in listed)
        advice = [one.advice for one in self.findings if one.advice]
        raise PreflightError(
            f"{place.environment} cannot be deployed to {context}: {text}",
            hint="; ".join(dict.fromkeys(advice)) or None,
        )


async def examine(cluster: Cluster, place: Place, documents: Iterable[Document]) -> Examined:
    """Ask the cluster everything that a deploy of these objects needs."""
    objects = tuple(documents)
    version, kinds = await asyncio.gather(cluster.version(), cluster.api_resources())
    findings = [*check_version(version, cluster.context), *check_kinds(objects, kinds, cluster.context)]
    if findings:
        return Examined(tuple(findings), version=version, kinds=kinds)
    namespace = await cluster.find(NAMESPACES, place.namespace)
    findings += namespace_finding(place, namespace, cluster.context)
    if findings:
        return Examined(tuple(findings), version=version, kinds=kinds)
    findings += await check_permissions(cluster, place, objects, kinds)
    if not findings:
        findings += await rehearse(cluster, place, objects, kinds)
    return Examined(tuple(findings), version=version, kinds=kinds)


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
    wanted = {(str(one.get("apiVersion")), str(one.get("kind"))) for one in documents}
    return [
        Finding(
            f"cluster {context} does not know the kind {kind} of {version}", how_to_install(version, kind)
        )
        for version, kind in sorted(wanted)
        if (version, kind) not in kinds
    ]


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
    cluster: Cluster, place: Place, documents: Iterable[Document], kinds: Kinds
) -> list[Finding]:
    """The user of the context may do what a deploy does."""
    rendered = {kinds[str(one.get("apiVersion")), str(one.get("kind"))] for one in documents}
    wanted = [(verb, one) for one in {*rendered, SECRETS, LEASES} for verb in ("get", "create", "patch")]
    wanted += [("list", SECRETS), ("update", LEASES), ("update", SECRETS), ("delete", SECRETS)]
    wanted.sort(key=lambda pair: (pair[1].plural, pair[0]))
    slots = asyncio.Semaphore(AT_ONCE)

    async def refused(verb: str, resource: Resource) -> str | None:
        async with slots:
            access = await cluster.may(verb, resource, place.namespace if resource.namespaced else None)
        group = f".{resource.group}" if resource.group else ""
        return None if access.allowed else f"{verb} {resource.plural}{group}"

    denied = [one for one in await asyncio.gather(*(refused(*pair) for pair in wanted)) if one is not None]
    if not denied:
        return []
    return [
        Finding(
            f"its user may not {', '.join(denied)} in namespace {place.namespace}",
            f"ask for these permissions, then look: kubectl --context {cluster.context} "
            f"-n {place.namespace} auth can-i --list",
        )
    ]


async def rehearse(
    cluster: Cluster, place: Place, documents: Iterable[Document], kinds: Kinds
) -> list[Finding]:
    """The server would take every object: schemas, immutable fields, quota and admission have their say."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def refusal(document: Document) -> Finding | None:
        resource = kinds[str(document.get("apiVersion")), str(document.get("kind"))]
        namespace = place.namespace if resource.namespaced else None
        name = f"{document.get('kind')}/{(document.get('metadata') or {}).get('name')}"
        try:
            async with slots:
                await cluster.apply(resource, document, namespace, manager="helm", force=True, dry_run=True)
        except (InvalidError, ConflictError, ForbiddenError, NotFoundError) as error:
            return Finding(f"the cluster refuses {name}: {_reason(error)}", _advice(error))
        except RefusedError as error:
            if error.answered != 400:
                raise
            return Finding(f"the cluster refuses {name}: {_reason(error)}", _advice(error))
        return None

    found = await asyncio.gather(*(refusal(one) for one in documents))
    return [one for one in found if one is not None]


def _reason(error: RefusedError) -> str:
    return error.message.split(": ", 2)[-1]


def _advice(error: RefusedError) -> str | None:
    text = error.message
    if "exceeded quota" in text:
        return "ask for more quota, or ask for less in the values: requests, limits, replicas"
    if "field is immutable" in text:
        return "this field cannot change in place: give the object another name, or delete it first"
    if "provided port is already allocated" in text:
        return "give the Service another nodePort in the values"
    return "change the values that set it"
