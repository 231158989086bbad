"""Reaching what has no address on this machine: the engine lends a Service one while somebody asks."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from flaskship.engines.base import Engine, ForwardRefusedError, HasForwards
from flaskship.model.errors import FlaskshipError
from flaskship.model.snapshot import Snapshot, WorkloadSnapshot
from flaskship.tasks.health import addresses

SERVICE = "svc/"


@asynccontextmanager
async def reachable(engine: Engine, snapshot: Snapshot, *, insist: bool = False) -> AsyncIterator[Snapshot]:
    """Yield the snapshot in which every Service with ready replicas has an HTTP address.

    Where the engine is not allowed to lend one it stays without; insist raises ForwardRefusedError instead.
    """
    if not isinstance(engine, HasForwards):
        yield snapshot
        return
    async with AsyncExitStack() as forwards:
        workloads = [
            await _with_address(engine, forwards, snapshot, one, insist) for one in snapshot.workloads
        ]
        yield replace(snapshot, workloads=tuple(workloads))


async def _with_address(
    engine: HasForwards,
    forwards: AsyncExitStack,
    snapshot: Snapshot,
    workload: WorkloadSnapshot,
    insist: bool,
) -> WorkloadSnapshot:
    service = service_of(workload)
    if service is None or addresses(workload) or not workload.ready:
        return workload
    try:
        url = await forwards.enter_async_context(engine.forward(snapshot.environment, service))
    except ForwardRefusedError:
        if insist:
            raise
        return workload
    except FlaskshipError:
        return workload  # nothing behind it is ready: its replicas say why
    return replace(workload, endpoints=(*workload.endpoints, url))


def service_of(workload: WorkloadSnapshot) -> str | None:
    """Return the Service that leads to a workload inside its cluster, if it has one."""
    for endpoint in workload.endpoints:
        if endpoint.startswith(SERVICE):
            return endpoint.removeprefix(SERVICE).partition(":")[0]
    return None
