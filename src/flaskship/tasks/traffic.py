"""Driving requests through the users' route while a release moves."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from flaskship.model.frozen import dataclass
from flaskship.model.release import Document
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.model.verdict import Receipt
from flaskship.tasks.health import LIVE_FIRST, addresses, health_path
from flaskship.tasks.world import World


@dataclass(slots=True)
class Traffic:
    """The receipt once the traffic ended, or the reason why there is none."""

    receipt: Receipt | None = None
    reason: str | None = None


def route(before: Snapshot, documents: Iterable[Document]) -> str | None:
    """Return an HTTP address of an application that was healthy before: first those that users take."""
    known = tuple(documents)
    found = [
        # A replica that was told to stop answers what it still gets, and says so where it is asked for that.
        url.rstrip("/") + health_path(known, workload.name, LIVE_FIRST)
        for workload in before.workloads
        if workload.phase is Phase.HEALTHY and workload.ready
        for url in addresses(workload)
    ]
    return min(found, key=lambda url: urlsplit(url).hostname != "localhost", default=None)


def why_none(before: Snapshot) -> str:
    """Return why there is no such address, in words."""
    unwell = [one for one in before.workloads if one.ready and addresses(one)]
    if not unwell:
        return "no application answered HTTP before"
    said = ", ".join(f"{one.name} ({str(one.phase).lower()})" for one in unwell)
    return f"no application with an address was healthy before: {said}"


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
        yield traffic
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
