"""Keeps a store in step with a namespace: one list, then a watch, of every kind; nothing is polled."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from flaskship.engines.kubernetes.client import Change, Listed
from flaskship.engines.kubernetes.failures import (
    ExpiredError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    is_passing,
)
from flaskship.engines.kubernetes.observing.store import Store
from flaskship.engines.kubernetes.resources import (
    AUTOSCALERS,
    CLAIMS,
    DEPLOYMENTS,
    EVENTS,
    INGRESSES,
    JOBS,
    PODS,
    REPLICA_SETS,
    ROLLOUTS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)
from flaskship.model.errors import FlaskshipError

EXTERNAL_SECRETS = Resource("external-secrets.io/v1", "ExternalSecret", "externalsecrets")
NEEDED = (DEPLOYMENTS, REPLICA_SETS, PODS, EVENTS)
"""Without these no verdict can be given."""
DAEMON_SETS = Resource("apps/v1", "DaemonSet", "daemonsets")
USEFUL = (
    JOBS,
    STATEFUL_SETS,
    DAEMON_SETS,
    SERVICES,
    INGRESSES,
    AUTOSCALERS,
    CLAIMS,
    ROLLOUTS,
    EXTERNAL_SECRETS,
)
"""A cluster may lack these kinds, or forbid them."""
UNTOLD = ("Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate", "ScalingReplicaSet")
"""Reasons of events that tell of no trouble: nine in ten of a namespace where much is deployed."""
FIELDS = {EVENTS: ",".join(f"reason!={one}" for one in UNTOLD)}
WATCH_SECONDS = 45.0
"""A watch is asked for anew so often: a connection that silently died is noticed within this time."""
SLOWEST_SECONDS = 8.0
FIRST_SECONDS = 0.2
AT_ONCE = 4
"""Lists that are asked for together: a connection of its own for each takes longer to open than they do."""


class Source(Protocol):
    """What a cluster must do to be followed."""

    async def list(
        self, resource: Resource, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> Listed:
        """Return all objects of a kind."""
        ...

    def watch(
        self,
        resource: Resource,
        namespace: str | None,
        resource_version: str,
        *,
        labels: str = "",
        fields: str = "",
        seconds: float = 300,
    ) -> AsyncGenerator[Change, None]:
        """Yield what changes from there on."""
        ...


@dataclass
class Contact:
    """Whether each kind is in step, since when it is not, and what is not to be had at all."""

    lost: dict[str, tuple[float, str]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def blind_since(self) -> tuple[float, str] | None:
        """Return since when something is out of step, and why; None while all is seen."""
        return min(self.lost.values(), default=None)


@dataclass
class Place:
    """How far the watch of one kind has come, and how often it failed since its last word."""

    version: str
    failures: int = 0


class Reflector:
    """Fills the store from one namespace and calls changed() after every difference."""

    def __init__(
        self,
        source: Source,
        namespace: str,
        changed: Callable[[], None],
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        needed: tuple[Resource, ...] = NEEDED,
        useful: tuple[Resource, ...] = USEFUL,
    ) -> None:
        self._needed = needed
        self._useful = useful
        self.store = Store()
        self.contact = Contact()
        self._source = source
        self._namespace = namespace
        self._changed = changed
        self._clock = clock
        self._jitter = jitter
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def fill(self) -> Mapping[Resource, str]:
        """List every kind once and return where each list stands; a needed kind that fails is raised."""
        kinds = (*self._needed, *self._useful)
        versions = await asyncio.gather(*(self._first(resource) for resource in kinds))
        return {resource: version for resource, version in zip(kinds, versions, strict=True) if version}

    async def run(self, versions: Mapping[Resource, str]) -> None:
        """Watch every kind from where its list stands, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for resource, version in versions.items():
                group.create_task(self._follow(resource, version))

    async def _first(self, resource: Resource) -> str:
        for attempt in range(3):
            try:
                async with self._slots:
                    return await self._list(resource)
            except (NotFoundError, ForbiddenError) as error:
                if resource in self._needed:
                    raise
                self.contact.absent[resource.kind] = error.message
                return ""
            except RefusedError as error:
                if attempt == 2 or not is_passing(error):
                    raise
            await asyncio.sleep(self._pause(attempt))
        raise AssertionError("unreachable")

    async def _list(self, resource: Resource) -> str:
        listed = await self._source.list(resource, self._namespace, fields=FIELDS.get(resource, ""))
        self.store.replace(resource.kind, listed.items)
        return listed.resource_version

    async def _follow(self, resource: Resource, version: str) -> None:
        place = Place(version)
        while True:
            try:
                if not place.version:
                    place.version = await self._list(resource)
                    self._changed()
                    self._regained(resource)
                await self._watch(resource, place)
                self._regained(resource)
            except ExpiredError:
                place.version = ""  # too much has happened since: a whole list again
                await asyncio.sleep(self._jitter() * FIRST_SECONDS)
            except (NotFoundError, ForbiddenError) as error:
                # Taken away meanwhile; a needed kind is out of step until it is back.
                if resource not in self._needed:
                    self.contact.absent[resource.kind] = error.message
                    return
                place = Place("", place.failures + 1)
                await self._lost(resource, error, place.failures)
            except FlaskshipError as error:
                place.failures += 1
                if place.failures > 1:
                    place.version = ""  # a list tells at once that it is back, where a watch may be silent
                await self._lost(resource, error, place.failures)

    async def _watch(self, resource: Resource, place: "Place") -> None:
        changes = self._source.watch(
            resource,
            self._namespace,
            place.version,
            fields=FIELDS.get(resource, ""),
            seconds=WATCH_SECONDS,
        )
        async with aclosing(changes):
            async for change in changes:
                metadata = change.object.get("metadata") or {}
                place.version = str(metadata.get("resourceVersion") or place.version)
                place.failures = 0
                self._regained(resource)
                if change.type == "BOOKMARK":
                    continue
                if self.store.change(resource.kind, change.type, change.object):
                    self._changed()

    def _regained(self, resource: Resource) -> None:
        if self.contact.lost.pop(resource.kind, None) is not None:
            self._changed()

    async def _lost(self, resource: Resource, error: FlaskshipError, failures: int) -> None:
        # A single break is everyday: a proxy in between ends long answers as it likes.
        if failures > 1:
            self.contact.lost.setdefault(resource.kind, (self._clock(), error.message))
        await asyncio.sleep(self._pause(failures))

    def _pause(self, failures: int) -> float:
        return float(min(SLOWEST_SECONDS, FIRST_SECONDS * 2**failures) * (0.5 + self._jitter()))
