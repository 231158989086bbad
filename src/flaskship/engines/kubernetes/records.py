"""What Helm has no place for: who moved to a revision, why, and what it came to; one Secret for each."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import SECRETS
from flaskship.engines.kubernetes.storage import HelmRevision
from flaskship.engines.kubernetes.transport import Object
from flaskship.model.release import Provenance, Revision
from flaskship.model.verdict import Receipt, Verdict

TYPE = "flaskship.dev/revision.v1"
BY_HELM = "helm"


@dataclass(frozen=True, slots=True)
class Record:
    """Written before Helm writes the revision, completed by its verdict; mark binds it to Helm's revision."""

    number: int
    mark: str
    at: float
    provenance: Provenance
    images: Mapping[str, str] = field(default_factory=dict)
    """By application: the digest, empty where the manifests name a tag and none ran yet."""
    references: Mapping[str, str] = field(default_factory=dict)
    """What Release.images was."""
    verdict: Verdict | None = None
    receipt: Receipt | None = None


async def write(cluster: Cluster, place: Place, record: Record) -> None:
    """Write a record, over an older one of the same number."""
    content = base64.b64encode(msgspec.json.encode(record)).decode()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _name(place, record.number), "labels": _labels(place, record.number)},
        "type": TYPE,
        "data": {"record": content},
    }
    await cluster.apply(SECRETS, secret, place.namespace, force=True)


async def read(cluster: Cluster, place: Place) -> dict[int, Record]:
    """Return the records by number; one of a newer version than ours is left out."""
    selector = f"flaskship.dev/release={place.release},app.kubernetes.io/managed-by=flaskship"
    listed = await cluster.list(SECRETS, place.namespace, labels=selector)
    found = (_decoded(one) for one in listed.items if one.get("type") == TYPE)
    return {one.number: one for one in found if one is not None}


async def forget(cluster: Cluster, place: Place, number: int) -> None:
    """Remove the record of a revision that Helm no longer keeps."""
    await cluster.delete(SECRETS, _name(place, number), place.namespace)


def joined(revisions: tuple[HelmRevision, ...], records: Mapping[int, Record]) -> tuple[Revision, ...]:
    """Return Helm's revisions with what we know of each; one that plain helm made has nobody's name."""
    return tuple(_joined(one, record_of(one, records)) for one in revisions)


def record_of(revision: HelmRevision, records: Mapping[int, Record]) -> Record | None:
    """Return the record that was written for this very revision, if one was."""
    # Labels are inherited by what plain helm makes afterwards: number and mark together are one revision.
    record = records.get(revision.number)
    return record if record is not None and record.mark == revision.mark else None


def concluded(record: Record, verdict: Verdict, receipt: Receipt | None, images: Mapping[str, str]) -> Record:
    """Return the record with what the revision came to, and the digests that ran."""
    known = {**record.images, **{name: digest for name, digest in images.items() if digest}}
    return replace(record, verdict=verdict, receipt=receipt, images=known)


def description(provenance: Provenance) -> str:
    """Return what `helm history` shows for a revision of ours."""
    commit = f" (commit {provenance.commit[:12]})" if provenance.commit else ""
    return f"{provenance.actor}: {provenance.reason or 'deploy'}{commit}"


def _joined(revision: HelmRevision, record: Record | None) -> Revision:
    if record is None:
        return Revision(revision.number, revision.at, Provenance(BY_HELM))
    verdict = record.verdict
    return Revision(
        revision.number,
        record.at,
        record.provenance,
        verdict.outcome if verdict else None,
        verdict,
        record.receipt,
        dict(record.images),
    )


def _name(place: Place, number: int) -> str:
    return f"flaskship.revision.{place.release}.v{number}"


def _labels(place: Place, number: int) -> dict[str, str]:
    return {
        "app.kubernetes.io/managed-by": "flaskship",
        "flaskship.dev/release": place.release,
        "flaskship.dev/revision": str(number),
    }


def _decoded(secret: Object) -> Record | None:
    try:
        content: Any = json.loads(base64.b64decode(secret["data"]["record"]))
        return msgspec.convert(content, Record)
    except (KeyError, ValueError, msgspec.ValidationError):
        return None
