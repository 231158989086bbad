"""Helm's own storage, read without Helm: which revisions a release has, and what each of them applied."""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import SECRETS
from flaskship.engines.kubernetes.transport import Object
from flaskship.engines.kubernetes.yaml_of_helm import documents_of
from flaskship.model.errors import FlaskshipError
from flaskship.model.release import Document

MARK = "flaskship.dev/record"
"""Label of Helm's revision that names the record of ours which was written for it."""
UNANSWERED = "WriteUnanswered"
"""The cause of a revision whose writer ended before it did."""
GIVEN_UP = "marked as failed by flaskship"
"""The end of what Helm's own history says of a revision that nobody finished."""
_ZIPPED = b"\x1f\x8b"


class Status(StrEnum):
    """Helm's word for a revision's state."""

    DEPLOYED = "deployed"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    UNINSTALLED = "uninstalled"
    UNINSTALLING = "uninstalling"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"
    UNKNOWN = "unknown"

    @property
    def under_way(self) -> bool:
        """Helm was writing when it said so."""
        return self.value.startswith("pending-") or self is Status.UNINSTALLING


@dataclass(frozen=True, slots=True)
class HelmRevision:
    """One revision as its labels tell it; at is when Helm made it, in Unix seconds."""

    number: int
    status: Status
    at: float
    mark: str = ""
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """One revision in full."""

    number: int
    status: Status
    description: str
    deployed_at: float
    documents: tuple[Document, ...] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    notes: str = ""
    chart: str = ""


@dataclass(frozen=True, slots=True)
class LastRun:
    """When a hook of a revision ran, in Unix seconds, and whether it succeeded."""

    hook: str
    began: float
    ended: float
    succeeded: bool


async def revisions(cluster: Cluster, place: Place) -> tuple[HelmRevision, ...]:
    """Return the release's revisions, oldest first; only labels are read."""
    listed = await cluster.list(
        SECRETS, place.namespace, labels=f"owner=helm,name={place.release}", metadata_only=True
    )
    return tuple(sorted((_labelled(one) for one in listed.items), key=lambda one: one.number))


async def stored(cluster: Cluster, place: Place, number: int) -> Stored:
    """Return one revision in full; NotFoundError where Helm keeps it no longer."""
    return _decoded(await cluster.get(SECRETS, name_of(place, number), place.namespace))


async def content(cluster: Cluster, place: Place, number: int) -> dict[str, Any]:
    """Return one revision as Helm stores it: chart, values, hooks, manifest."""
    return content_of(await cluster.get(SECRETS, name_of(place, number), place.namespace))


async def settle(cluster: Cluster, place: Place, number: int, why: str) -> bool:
    """Mark a revision that nobody finishes as failed, so that Helm goes on from it; tell whether it was."""
    try:
        secret = await cluster.get(SECRETS, name_of(place, number), place.namespace)
    except NotFoundError:
        return False
    content = content_of(secret)
    info = content.setdefault("info", {})
    if not Status(info.get("status", "unknown")).under_way:
        return False
    info["status"], info["description"] = Status.FAILED.value, f"{why}; {GIVEN_UP}"
    await _rewrite(cluster, place, secret, content, {"status": Status.FAILED.value})
    return True


async def secret(cluster: Cluster, place: Place, number: int) -> Object:
    """Return the Secret in which Helm keeps a revision."""
    return await cluster.get(SECRETS, name_of(place, number), place.namespace)


async def write_last_runs(
    cluster: Cluster, place: Place, number: int, runs: Iterable[LastRun], known: Object | None = None
) -> None:
    """Write into a revision how its hooks ended, as `helm test` does; ConflictError where it changed.

    known: its Secret, where it was read before.
    """
    secret = known or await cluster.get(SECRETS, name_of(place, number), place.namespace)
    content, ended = content_of(secret), {one.hook: one for one in runs}
    for hook in content.get("hooks") or ():
        if (run := ended.get(str(hook.get("name")))) is not None:
            hook["last_run"] = {
                "started_at": _timestamp(run.began),
                "completed_at": _timestamp(run.ended),
                "phase": "Succeeded" if run.succeeded else "Failed",
            }
    await _rewrite(cluster, place, secret, content, {})


async def _rewrite(
    cluster: Cluster, place: Place, secret: Object, content: Mapping[str, Any], labels: Mapping[str, str]
) -> None:
    metadata = secret["metadata"]
    changed = {
        **secret,
        "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **labels}},
        "data": {"release": encoded(content)},
    }
    # With the resource version that was read: a Helm that is alive after all wins.
    await cluster.replace(SECRETS, changed, place.namespace)


def name_of(place: Place, number: int) -> str:
    """Return the name of the Secret in which Helm keeps a revision."""
    return f"sh.helm.release.v1.{place.release}.v{number}"


def _labelled(secret: Object) -> HelmRevision:
    metadata = secret["metadata"]
    labels = metadata.get("labels") or {}
    # Not modifiedAt: Helm takes the one of the revision before along, and marks what is superseded with it.
    created = labels.get("createdAt")
    at = float(created) if created else seconds(metadata.get("creationTimestamp"))
    return HelmRevision(
        int(labels.get("version") or 0),
        _status(labels.get("status")),
        at,
        str(labels.get(MARK) or ""),
        str(metadata.get("resourceVersion") or ""),
    )


def _decoded(secret: Object) -> Stored:
    content = content_of(secret)
    info = content.get("info") or {}
    chart = (content.get("chart") or {}).get("metadata") or {}
    return Stored(
        number=int(content.get("version") or 0),
        status=_status(info.get("status")),
        description=str(info.get("description") or ""),
        deployed_at=seconds(info.get("last_deployed")),
        documents=documents_of(str(content.get("manifest") or "")),
        values=content.get("config") or {},
        notes=str(info.get("notes") or ""),
        chart=f"{chart.get('name', '')}-{chart.get('version', '')}",
    )


def content_of(secret: Object) -> dict[str, Any]:
    """Return the release that a Secret of Helm holds."""
    name = secret["metadata"]["name"]
    try:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        content = json.loads(gzip.decompress(packed) if packed.startswith(_ZIPPED) else packed)
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise FlaskshipError(
            f"Secret {name} does not hold a release of Helm: {type(error).__name__}",
            hint="it was damaged or made by something else; helm history says what Helm makes of it",
        ) from None
    if not isinstance(content, dict):
        raise FlaskshipError(f"Secret {name} does not hold a release of Helm")
    return content


def encoded(content: Mapping[str, Any]) -> str:
    """Return a release as Helm keeps it in its Secret."""
    packed = gzip.compress(json.dumps(content).encode(), mtime=0)
    return base64.b64encode(base64.b64encode(packed)).decode()


def _status(text: object) -> Status:
    try:
        return Status(str(text))
    except ValueError:
        return Status.UNKNOWN


def _timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds(timestamp: object) -> float:
    """Return a time of the API or of Helm in Unix seconds; 0 where there is none."""
    if not isinstance(timestamp, str) or not timestamp or timestamp.startswith("0001-"):
        return 0.0
    # Go writes nanoseconds, which the parser of Python 3.11 and later cuts at microseconds.
    found = datetime.fromisoformat(timestamp)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
