"""Driving requests through the users' route while a release moves."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from flaskship.model.release import Document
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.model.verdict import Receipt
from flaskship.tasks.health import addresses, health_path
from flaskship.tasks.world import World


@dataclass(slots=True)
class Traffic:
    """The receipt once the traffic ended, or the reason why there is none."""

    receipt: Receipt | None = None
    reason: str | None = None


def route(before: Snapshot, documents: Iterable[Document]) -> str | None:
    """Return the first HTTP address of an application that was healthy before, with a path of its own."""
    for workload in before.workloads:
        if workload.phase is Phase.HEALTHY and workload.ready:
            for url in addresses(workload):
                return url.rstrip("/") + health_path(documents, workload.name)
    return None


@asynccontextmanager
async def traffic_through(
    world: World, before: Snapshot, documents: Iterable[Document]
) -> AsyncIterator[Traffic]:
    """Drive requests for as long as the block lasts; the receipt is there after it."""
    traffic = Traffic()
    url = route(before, documents)
    if url is None:
        traffic.reason = "no application answered HTTP before"
        yield traffic
        return
    stop = asyncio.Event()
    driving = asyncio.ensure_future(world.drive(url, stop))
    try:
        yield traffic
        stop.set()
        traffic.receipt = await driving
        if traffic.receipt.sent == 0:
            traffic.receipt, traffic.reason = None, "it was over before a request was sent"
    finally:
        stop.set()
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)
