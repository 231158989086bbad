"""Asking every address of an environment whether it answers."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from flaskship.model.release import Document
from flaskship.model.snapshot import Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.world import HealthAnswer, World

NOT_SERVING = "AddressNotServing"
PATIENCE = 5.0
SETTLING = 30.0


READY_FIRST = ("readinessProbe", "livenessProbe")
LIVE_FIRST = ("livenessProbe", "readinessProbe")


def health_path(documents: Iterable[Document], workload: str, probes: tuple[str, ...] = READY_FIRST) -> str:
    """Return the path of the first of these probes that the workload has, else the root."""
    for document in documents:
        if document.get("metadata", {}).get("name") != workload:
            continue
        for container in _containers(document):
            for probe in probes:
                get = (container.get(probe) or {}).get("httpGet")
                if isinstance(get, Mapping) and get.get("path"):
                    return str(get["path"])
    return "/"


def addresses(workload: WorkloadSnapshot) -> tuple[str, ...]:
    """Return the workload's addresses that speak HTTP."""
    return tuple(url for url in workload.endpoints if url.startswith(("http://", "https://")))


async def ask_all(
    world: World, snapshot: Snapshot, documents: Iterable[Document]
) -> tuple[HealthAnswer, ...]:
    """Ask each HTTP address of each workload once, on the path that its own probe asks."""
    known = tuple(documents)
    asked = [
        url.rstrip("/") + health_path(known, workload.name)
        for workload in snapshot.workloads
        for url in addresses(workload)
    ]
    return tuple(await asyncio.gather(*(world.check_health(url, PATIENCE) for url in asked)))


async def ask_until_served(
    world: World, snapshot: Snapshot, documents: Iterable[Document]
) -> tuple[HealthAnswer, ...]:
    """Ask each address, and those that are silent again: a node learns of a change in a moment."""
    known, until = tuple(documents), world.now() + SETTLING
    answers = await ask_all(world, snapshot, known)
    while not all(answer.ok for answer in answers) and world.now() < until:
        await world.sleep(1.0)
        answers = tuple([one if one.ok else await world.check_health(one.url, PATIENCE) for one in answers])
    return answers


def with_answers(verdict: Verdict, answers: Iterable[HealthAnswer]) -> Verdict:
    """Return the verdict, failed where an address did not answer well."""
    silent = tuple(
        Cause(NOT_SERVING, f"{answer.url} does not answer well: {answer.message}")
        for answer in answers
        if not answer.ok
    )
    return Verdict(Outcome.FAILED, verdict.causes + silent) if silent else verdict


def _containers(document: Document) -> list[Mapping[str, Any]]:
    spec = document.get("spec") or {}
    template = spec.get("template") if isinstance(spec, Mapping) else None
    return list(((template or {}).get("spec") or {}).get("containers") or ())
