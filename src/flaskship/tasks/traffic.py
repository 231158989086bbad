"""Driving requests through the users' route while a release moves."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from flaskship.model.frozen import dataclass
from flaskship.model.release import Document
from flaskship.model.snapshot import Phase, Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Receipt
from flaskship.tasks.health import LIVE_FIRST, addresses, health_path
from flaskship.tasks.world import World

LOCAL = "local"
LAST_ANSWER_SECONDS = 1.0
NODE_PORTS = range(30000, 32768)
WORKLOADS = ("Deployment", "Rollout")


@dataclass(slots=True)
class Traffic:
    """The receipt once the traffic ended, or the reason why there is none."""

    receipt: Receipt | None = None
    reason: str | None = None


def route(before: Snapshot, documents: Iterable[Document]) -> str | None:
    """Return an HTTP address of an application that serves now and stays: first what is healthy, then where
    users go. One in the middle of a rollout serves, too, by its ready replicas.
    """
    known = tuple(documents)
    found = [
        # A replica that was told to stop answers what it still gets, and says so where it is asked for that.
        (one.phase is not Phase.HEALTHY, url.rstrip("/") + health_path(known, one.name, LIVE_FIRST))
        for one in _serving(before, known)
        for url in addresses(one)
        if not (before.engine == LOCAL and _moves_away(url, one.name, known))
    ]
    best = min(found, key=lambda pair: (pair[0], urlsplit(pair[1]).hostname != "localhost"), default=None)
    return best[1] if best else None


def _moves_away(url: str, workload: str, documents: tuple[Document, ...]) -> bool:
    """Tell whether the release takes this NodePort from the workload: it closes when the release is applied.

    So it does on a cluster. Who asks there from then on was told to go elsewhere, and is no request lost.
    """
    parts = urlsplit(url)
    if parts.hostname != "localhost" or parts.port not in NODE_PORTS:
        return False
    labels = next(
        (d["spec"]["template"]["metadata"].get("labels", {}) for d in documents if _is(d, workload)), None
    )
    services = (d["spec"] for d in documents if d.get("kind") == "Service")
    return labels is not None and not any(
        port.get("nodePort") == parts.port and (spec.get("selector") or {}).items() <= labels.items()
        for spec in services
        for port in spec.get("ports", ())
    )


def _is(document: Document, workload: str) -> bool:
    return document.get("kind") in WORKLOADS and document["metadata"]["name"] == workload


def why_none(before: Snapshot) -> str:
    """Return why there is no such address, in words."""
    if any(one.ready and addresses(one) for one in before.workloads):
        return "this release takes away whatever answered HTTP before"
    return "no application answered HTTP before"


def _serving(before: Snapshot, documents: tuple[Document, ...]) -> list[WorkloadSnapshot]:
    stay = {(one.get("metadata") or {}).get("name") for one in documents}
    return [one for one in before.workloads if one.ready and one.name in stay]


@asynccontextmanager
async def traffic_through(
    world: World, before: Snapshot, documents: Iterable[Document]
) -> AsyncIterator[Traffic]:
    """Drive requests for as long as the block lasts; the receipt is there after it."""
    traffic = Traffic()
    url = route(before, documents)
    if url is None:
        traffic.reason = why_none(before)
        yield traffic
        return
    stop = asyncio.Event()
    driving = asyncio.ensure_future(world.drive(url, stop))
    try:
        try:
            yield traffic
        except asyncio.CancelledError:
            # What was sent until an interruption counts; nobody waits long for the last answer.
            stop.set()
            await asyncio.wait({driving}, timeout=LAST_ANSWER_SECONDS)
            if driving.done() and not driving.cancelled() and driving.exception() is None:
                traffic.receipt = driving.result() if driving.result().sent else None
            raise
        stop.set()
        try:
            traffic.receipt = await driving
        except (OSError, ExceptionGroup) as error:
            traffic.reason = f"traffic could not be driven: {error}"
        if traffic.receipt is not None and traffic.receipt.sent == 0:
            traffic.receipt, traffic.reason = None, "it was over before a request was sent"
    finally:
        stop.set()
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)
