"""A Service of the cluster at an address of this machine, for as long as somebody asks there."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from flaskship.engines.base import ForwardRefusedError
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import unreachable
from flaskship.engines.kubernetes.resources import ENDPOINT_SLICES, PODS
from flaskship.model.errors import PreflightError

if TYPE_CHECKING:
    from httpx2.websockets import AsyncWebSocketSession

PROTOCOL = "v4.channel.k8s.io"
PIECE = 64 << 10
LARGEST = 16 << 20
ALSO_CREATE = 35
"""The minor version from which on a WebSocket takes both permissions."""
MINOR = re.compile(r"v?1\.(\d+)")


@contextlib.asynccontextmanager
async def port_forward(cluster: Cluster, namespace: str, service: str, port: str = "") -> AsyncIterator[str]:
    """Yield a URL on loopback that leads to a ready Pod of the Service; port is a name, else its first.

    Each connection chooses among the Pods that are ready then, so that a rollout does not end the address.
    """
    await _insist_on_permission(cluster, namespace, service)
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            pod, number = await ready_pod(cluster, namespace, service, port)
            await _carry(cluster, namespace, pod, number, reader, writer)
        except (PreflightError, OSError, asyncio.CancelledError):
            pass  # whoever connected sees the connection end, as with a Service without endpoints
        finally:
            connections.discard(task)
            writer.close()

    await ready_pod(cluster, namespace, service, port)
    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()


async def _insist_on_permission(cluster: Cluster, namespace: str, service: str) -> None:
    # A WebSocket begins as a GET, and newer servers ask for create as well.
    verbs = ("get", "create")
    *asked, slices = await asyncio.gather(
        *(cluster.may(one, PODS, namespace, sub="portforward") for one in verbs),
        cluster.may("list", ENDPOINT_SLICES, namespace),
    )
    denied = [verb for verb, access in zip(verbs, asked, strict=True) if not access.allowed]
    if denied == ["create"] and _is_older(await cluster.version()):
        denied = []
    lacking = [f"{' and '.join(denied)} pods/portforward"] if denied else []
    lacking += [] if slices.allowed else [f"list {ENDPOINT_SLICES.plural}.{ENDPOINT_SLICES.group}"]
    if lacking:
        ask = f"{denied[0]} pods/portforward" if denied else lacking[0]
        raise ForwardRefusedError(
            f"cluster {cluster.context}: Service {service} has no address outside, and its user may not "
            f"{', '.join(lacking)} in namespace {namespace}: it cannot be asked",
            hint="ask for the permission, then look: "
            f"kubectl --context {cluster.context} -n {namespace} auth can-i {ask}",
        )


def _is_older(version: str) -> bool:
    found = MINOR.match(version)
    return found is not None and int(found[1]) < ALSO_CREATE


async def ready_pod(cluster: Cluster, namespace: str, service: str, port: str = "") -> tuple[str, int]:
    """Return a Pod behind the Service that is ready, with the port that it listens on."""
    slices = await cluster.list(ENDPOINT_SLICES, namespace, labels=f"kubernetes.io/service-name={service}")
    for one in slices.items:
        number = _port(one, port)
        for endpoint in one.get("endpoints") or ():
            target = endpoint.get("targetRef") or {}
            if number and target.get("kind") == "Pod" and (endpoint.get("conditions") or {}).get("ready"):
                return str(target["name"]), number
    raise PreflightError(
        f"Service {service} in {namespace} of cluster {cluster.context} has no ready Pod",
        hint=f"see: kubectl --context {cluster.context} -n {namespace} get pods,endpointslices",
    )


def _port(one: Mapping[str, Any], name: str) -> int:
    for port in one.get("ports") or ():
        if name in ("", port.get("name")):
            return int(port.get("port") or 0)
    return 0


async def _carry(
    cluster: Cluster,
    namespace: str,
    pod: str,
    port: int,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    import httpx2
    from httpx2.websockets import HTTPXWSException

    path = PODS.path(namespace, pod, "portforward")
    cluster.requests += 1
    try:
        async with cluster.session.websocket(
            cluster.address(path, {"ports": str(port)}).replace("http", "ws", 1),
            subprotocols=[PROTOCOL],
            max_message_size_bytes=LARGEST,
            extensions=cluster.extensions,
        ) as session:
            upwards = asyncio.ensure_future(_up(reader, session))
            downwards = asyncio.ensure_future(_down(session, writer))
            both = (upwards, downwards)
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)
    except (httpx2.HTTPError, HTTPXWSException, ExceptionGroup) as error:
        raise unreachable(cluster.context, cluster.server, f"port-forward to Pod/{pod}", str(error)) from None


async def _up(reader: asyncio.StreamReader, session: "AsyncWebSocketSession") -> None:
    while piece := await reader.read(PIECE):
        await session.send_bytes(b"\0" + piece)


async def _down(session: "AsyncWebSocketSession", writer: asyncio.StreamWriter) -> None:
    named = set()
    while True:
        message = await session.receive_bytes()
        channel, content = message[0], message[1:]
        if channel not in named:
            named.add(channel)  # the first frame of each channel repeats the port
        elif channel == 1:
            return  # an error of the far side ends the connection
        else:
            writer.write(content)
            await writer.drain()
