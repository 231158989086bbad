"""A cluster as this engine speaks to it: raw objects, and what may be done with them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from flaskship.engines.kubernetes.connection import PATIENCE, Connection, connect
from flaskship.engines.kubernetes.discovery import DISCOVERY, discovered
from flaskship.engines.kubernetes.failures import ConflictError, NotFoundError, refusal
from flaskship.engines.kubernetes.kubeconfig import read_kubeconfig
from flaskship.engines.kubernetes.resources import ACCESS_REVIEWS, PODS, RULES_REVIEWS, SELF_REVIEWS, Resource
from flaskship.engines.kubernetes.transport import Body, Object, Transport

PARTIAL = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
KINDS_SECONDS = 3.0
"""How long what the server knows is remembered: a command asks for it three times before it writes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The objects of a kind at one instant; a watch goes on from the resource version."""

    items: tuple[Object, ...]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a watch tells; a BOOKMARK only moves the resource version on."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: Object


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the user of the context may do something, and why not."""

    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the user may do in a namespace by one rule; names: to these objects alone."""

    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str] = frozenset()


class Cluster(Transport):
    """One API server under one context; every method raises FlaskshipError, and UnreachableError in time."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._kinds: tuple[float, asyncio.Task[dict[tuple[str, str], Resource]] | None] = 0.0, None

    async def close(self) -> None:
        """Let go of the connections, and of what is still asked."""
        if (asking := self._kinds[1]) is not None:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await super().close()

    @classmethod
    def of(cls, context: str, kubeconfig: str | None = None) -> "Cluster":
        """Return the cluster of a named context; nothing is asked yet."""
        return cls(connect(read_kubeconfig(kubeconfig), context))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        metadata_only: bool = False,
    ) -> Listed:
        """Return all objects of a kind in a namespace, or in all; metadata_only leaves the rest out."""
        what = f"list {_where(resource, namespace)}"
        items: list[Object] = []
        query = {"labelSelector": labels, "fieldSelector": fields, "limit": "500"}
        while True:
            accept = PARTIAL.format("List") if metadata_only else "application/json"
            page = await self.ask("GET", resource.path(namespace), what, query=query, accept=accept)
            # The items of a list do not say what they are.
            named = {"apiVersion": resource.api_version, "kind": resource.kind}
            items += [{**named, **item} for item in page.get("items") or ()]
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                return Listed(tuple(items), str(metadata.get("resourceVersion") or ""))
            query["continue"] = metadata["continue"]

    async def watch(
        self,
        resource: Resource,
        namespace: str | None,
        resource_version: str,
        *,
        labels: str = "",
        fields: str = "",
        seconds: float = 300,
        metadata_only: bool = False,
    ) -> AsyncGenerator[Change, None]:
        """Yield changes since a resource version until the server ends it; ExpiredError: list again."""
        what = f"watch {_where(resource, namespace)}"
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "labelSelector": labels,
            "fieldSelector": fields,
            "timeoutSeconds": str(int(seconds)),
        }
        accept = PARTIAL.format("") if metadata_only else "application/json"
        path = resource.path(namespace)
        async with self.stream(path, what, query, seconds + PATIENCE, accept) as lines:
            async for line in lines:
                event = msgspec.json.decode(line)
                if event["type"] == "ERROR":
                    body = event.get("object") or {}
                    raise refusal(self.context, what, int(body.get("code") or 500), body)
                yield Change(event["type"], event["object"])

    async def get(self, resource: Resource, name: str, namespace: str | None = None) -> Object:
        """Return one object; NotFoundError where it is not there."""
        return await self.ask(
            "GET", resource.path(namespace, name), f"get {_where(resource, namespace, name)}"
        )

    async def find(self, resource: Resource, name: str, namespace: str | None = None) -> Object | None:
        """Return one object, or None."""
        try:
            return await self.get(resource, name, namespace)
        except NotFoundError:
            return None

    async def create(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        namespace: str | None = None,
        *,
        name: str | None = None,
        sub: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Create an object, or with name and sub a part of one; ConflictError where it is there already."""
        what = (
            f"create {_where(resource, namespace, name or str((body.get('metadata') or {}).get('name', '')))}"
        )
        query = {"dryRun": "All" if dry_run else ""}
        return await self.ask("POST", resource.path(namespace, name, sub), what, query=query, body=body)

    async def replace(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        namespace: str | None = None,
        *,
        sub: str | None = None,
    ) -> Object:
        """Replace an object; ConflictError where its resource version is not the newest."""
        name = str(body["metadata"]["name"])
        what = f"replace {_where(resource, namespace, name)}"
        return await self.ask("PUT", resource.path(namespace, name, sub), what, body=body)

    async def patch(
        self,
        resource: Resource,
        name: str,
        body: Body,
        namespace: str | None = None,
        *,
        sub: str | None = None,
        form: str = MERGE,
        manager: str = "flaskship",
    ) -> Object:
        """Change fields of an object."""
        what = f"patch {_where(resource, namespace, name)}"
        path = resource.path(namespace, name, sub)
        return await self.ask("PATCH", path, what, query={"fieldManager": manager}, body=body, form=form)

    async def apply(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        namespace: str | None = None,
        *,
        manager: str = "flaskship",
        force: bool = False,
        dry_run: bool = False,
    ) -> Object:
        """Apply on the server's side; ConflictError names the manager whose field it would take."""
        name = str(body["metadata"]["name"])
        query = {
            "fieldManager": manager,
            "force": "true" if force else "",
            "dryRun": "All" if dry_run else "",
            # A field that is misspelt or said twice is an error, as it is to Helm.
            "fieldValidation": "Strict" if dry_run else "",
        }
        what = f"apply {_where(resource, namespace, name)}"
        path = resource.path(namespace, name)
        return await self.ask("PATCH", path, what, query=query, body=body, form=APPLY)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
        grace_seconds: int | None = None,
    ) -> bool:
        """Delete an object and tell whether it was there; ConflictError where it is another one by now."""
        given = {"uid": uid, "resourceVersion": resource_version}
        conditions = {key: value for key, value in given.items() if value}
        body: Object = {"propagationPolicy": propagation}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        if conditions:
            body["preconditions"] = conditions
        what = f"delete {_where(resource, namespace, name)}"
        try:
            await self.ask("DELETE", resource.path(namespace, name), what, body=body)
        except NotFoundError:
            return False
        return True

    async def logs(
        self,
        pod: str,
        namespace: str,
        *,
        container: str = "",
        follow: bool = False,
        tail: int | None = None,
        since: str = "",
        previous: bool = False,
        timestamps: bool = False,
    ) -> AsyncGenerator[str, None]:
        """Yield lines of a container; previous: of the run before its last restart; since: RFC 3339."""
        query = {
            "container": container,
            "follow": "true" if follow else "",
            "tailLines": "" if tail is None else str(tail),
            "sinceTime": since,
            "previous": "true" if previous else "",
            "timestamps": "true" if timestamps else "",
        }
        what = f"logs of {_where(PODS, namespace, pod)}"
        path = PODS.path(namespace, pod, "log")
        async with self.stream(path, what, query, None if follow else PATIENCE) as lines:
            async for line in lines:
                yield line.decode(errors="replace")

    async def may(
        self,
        verb: str,
        resource: Resource,
        namespace: str | None = None,
        *,
        name: str = "",
        sub: str = "",
    ) -> Access:
        """Tell whether the user of the context may do this."""
        attributes = {
            "verb": verb,
            "group": resource.group,
            "resource": resource.plural,
            "namespace": namespace or "",
            "name": name,
            "subresource": sub,
        }
        body = {
            "apiVersion": ACCESS_REVIEWS.api_version,
            "kind": ACCESS_REVIEWS.kind,
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }
        status = (await self.create(ACCESS_REVIEWS, body)).get("status") or {}
        return Access(bool(status.get("allowed")), str(status.get("reason") or ""))

    async def rules(self, namespace: str) -> tuple[Rule, ...]:
        """Return the rules that grant the user something in a namespace; there may be more."""
        body = {
            "apiVersion": RULES_REVIEWS.api_version,
            "kind": RULES_REVIEWS.kind,
            "spec": {"namespace": namespace},
        }
        status = (await self.create(RULES_REVIEWS, body)).get("status") or {}
        return tuple(
            Rule(
                *(
                    frozenset(one.get(key) or ())
                    for key in ("verbs", "apiGroups", "resources", "resourceNames")
                )
            )
            for one in status.get("resourceRules") or ()
        )

    async def user(self) -> str:
        """Return the name that the cluster has for the user of the context."""
        body = {"apiVersion": SELF_REVIEWS.api_version, "kind": SELF_REVIEWS.kind}
        status = (await self.create(SELF_REVIEWS, body)).get("status") or {}
        return str((status.get("userInfo") or {}).get("username") or "")

    async def version(self) -> str:
        """Return the server's version, such as v1.37.0."""
        return str((await self.ask("GET", "/version", "version")).get("gitVersion") or "")

    async def api_resources(self) -> dict[tuple[str, str], Resource]:
        """Return every kind that the server knows, or did some seconds ago, by apiVersion and kind."""
        now = asyncio.get_running_loop().time()
        asked, asking = self._kinds
        if asking is None or now - asked > KINDS_SECONDS or (asking.done() and not _succeeded(asking)):
            asking = asyncio.ensure_future(self._api_resources())
            self._kinds = now, asking
        return await asyncio.shield(asking)

    async def _api_resources(self) -> dict[tuple[str, str], Resource]:
        core, groups = await asyncio.gather(
            *(
                self.ask("GET", path, "discover its kinds", accept=f"{DISCOVERY},application/json")
                for path in ("/api", "/apis")
            )
        )
        return {
            (one.api_version, one.kind): one
            for page in (core, groups)
            for group in page.get("items") or ()
            for one in discovered(group)
        }


async def create_or_find(
    cluster: Cluster, resource: Resource, body: Mapping[str, Any], namespace: str | None = None
) -> Object:
    """Create an object, or return the one that is there."""
    with suppress(ConflictError):
        return await cluster.create(resource, body, namespace)
    return await cluster.get(resource, str(body["metadata"]["name"]), namespace)


def _succeeded(asked: "asyncio.Task[Any]") -> bool:
    return not asked.cancelled() and asked.exception() is None


def _where(resource: Resource, namespace: str | None = None, name: str | None = None) -> str:
    kind = resource.plural if name is None else f"{resource.kind}/{name}"
    return f"{kind} in {namespace}" if namespace else kind
