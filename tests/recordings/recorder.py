"""Writes down everything that a cluster says while a watcher listens: lists, changes, logs and answers."""

import gzip
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from flaskship.engines.kubernetes.client import Change, Cluster, Listed
from flaskship.engines.kubernetes.gathering import Witness
from flaskship.engines.kubernetes.observing.wanted import WantedAnswer, WantedLog
from flaskship.engines.kubernetes.resources import SECRETS, Resource


class Recorder:
    """Stands between a watcher and a cluster and remembers what passes."""

    def __init__(self, cluster: Cluster, witness: Witness, clock: Callable[[], float]) -> None:
        self.rows: list[dict[str, Any]] = []
        self._cluster = cluster
        self._witness = witness
        self._clock = clock

    async def list(
        self, resource: Resource, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> Listed:
        listed = await self._cluster.list(resource, namespace, labels=labels, fields=fields)
        if resource != SECRETS:
            self._note(list=resource.kind, items=[scrubbed(one) for one in listed.items])
        return listed

    async def watch(
        self,
        resource: Resource,
        namespace: str | None,
        resource_version: str,
        *,
        labels: str = "",
        fields: str = "",
        seconds: float = 300,
    ) -> AsyncGenerator[Change, None]:
        changes = self._cluster.watch(
            resource, namespace, resource_version, labels=labels, fields=fields, seconds=seconds
        )
        async for change in changes:
            if change.type != "BOOKMARK" and resource != SECRETS:
                self._note(watch=resource.kind, type=change.type, object=scrubbed(change.object))
            yield change

    async def lines(self, want: WantedLog, count: int) -> tuple[str, ...]:
        lines = await self._witness.lines(want, count)
        key = [want.key.pod, want.key.container, want.key.run]
        self._note(lines=key, text=list(lines))
        return lines

    async def answer(self, want: WantedAnswer) -> str | None:
        answer = await self._witness.answer(want)
        self._note(answer=[want.key.pod, want.key.probe], text=answer)
        return answer

    def write(self, path: Path, head: dict[str, Any]) -> None:
        """Write the recording as gzipped JSON lines, the head first."""
        lines = "\n".join(json.dumps(row, separators=(",", ":")) for row in (head, *self.rows)) + "\n"
        # Without the time of writing: the same history is the same file.
        path.write_bytes(gzip.compress(lines.encode(), 9, mtime=0))

    def _note(self, **row: Any) -> None:
        self.rows.append({"at": round(self._clock(), 3)} | row)


def scrubbed(document: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what no snapshot reads: who wrote which field, and what the node added."""
    metadata = {key: one for key, one in document["metadata"].items() if key != "managedFields"}
    clean = {**document, "metadata": metadata}
    pod = clean.get("spec", {})
    if clean.get("kind") == "Pod" or "containerStatuses" in clean.get("status", {}):
        kept = {key: one for key, one in pod.items() if key in ("containers", "initContainers", "nodeName")}
        kept["containers"] = [_without_mounts(one) for one in kept.get("containers", ())]
        clean["spec"] = kept
    return clean


def _without_mounts(container: dict[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in container.items() if key not in ("volumeMounts", "securityContext")}
