"""Bytes in both directions: WebSocket after its upgrade, and ports that do not speak HTTP."""

import asyncio
from typing import NamedTuple

from flaskship.engines.local.router.context import Context, Entrance, reset
from flaskship.engines.local.router.endpoints import EJECTION, Endpoint
from flaskship.engines.local.router.statistics import bucket_of


class Side(asyncio.Protocol):
    """One end of a tunnel; a half-close is passed on, a reset ends both."""

    __slots__ = ("_other", "_tunnel", "ended", "transport")
    transport: asyncio.Transport

    def __init__(self, tunnel: "Tunnel", transport: asyncio.Transport) -> None:
        self._tunnel = tunnel
        self._other: Side = self
        self.transport = transport
        self.ended = False

    def join(self, other: "Side") -> None:
        """Make the other side the one that this one sends to."""
        self._other = other
        self.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Send it to the other side."""
        self._other.transport.write(data)

    def eof_received(self) -> bool:
        """Pass the half-close on."""
        self.ended = True
        if not self._other.transport.is_closing():
            self._other.transport.write_eof()
        return not self._other.ended

    def pause_writing(self) -> None:
        """This side is slow: read no more from the other."""
        self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        """This side took what waited."""
        if not self._other.transport.is_closing():
            self._other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """End the other side the way this one ended."""
        if error is None:
            self._other.transport.close()
        else:
            reset(self._other.transport)
        self._tunnel.end()


class Early(NamedTuple):
    """What one side sent before the tunnel stood, and whether it sends no more."""

    data: bytes
    ended: bool = False


class Tunnel:
    """Two connected transports; counts as in flight until it ends."""

    __slots__ = ("_client", "_context", "_endpoint", "_entrance", "_open", "_replica")

    def __init__(
        self,
        context: Context,
        entrance: Entrance,
        endpoint: Endpoint,
        client: asyncio.Transport,
        replica: asyncio.Transport,
    ) -> None:
        self._context = context
        self._entrance = entrance
        self._endpoint = endpoint
        self._client = Side(self, client)
        self._replica = Side(self, replica)
        self._open = True

    def open(self, from_client: Early, from_replica: Early) -> None:
        """Begin with what either side sent ahead."""
        self._context.tunnels.add(self)
        self._entrance.open += 1
        self._client.join(self._replica)
        self._replica.join(self._client)
        for side, sent in ((self._client, from_client), (self._replica, from_replica)):
            if sent.data:
                side.data_received(sent.data)
            if sent.ended:
                side.eof_received()
            if side.transport.is_closing():
                self._context.loop.call_soon(side.connection_lost, None)
            elif not side.transport.is_reading():
                side.transport.resume_reading()

    def abort(self) -> None:
        """Reset both sides."""
        reset(self._client.transport)
        reset(self._replica.transport)

    def end(self) -> None:
        """Count it out, once."""
        if self._open:
            self._open = False
            self._context.tunnels.discard(self)
            self._entrance.open -= 1
            self._entrance.counters.in_flight -= 1
            self._endpoint.end()
            self._context.gone()


class Waiting(asyncio.Protocol):
    """Keeps what arrives before the tunnel stands: a greeting, a first request, an early half-close."""

    __slots__ = ("early", "transport")
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.early = Early(b"")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the tunnel."""
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Keep it, and let no more come."""
        self.early = Early(self.early.data + data)
        self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Keep the connection open: the other side has not spoken yet."""
        self.early = Early(self.early.data, True)
        return True


class TcpClient(Waiting):
    """A client of a tcp route until its replica is connected; then a tunnel takes over."""

    __slots__ = ("_connecting", "_context", "_endpoint", "_entrance")

    def __init__(self, context: Context, entrance: Entrance) -> None:
        super().__init__()
        self._context = context
        self._entrance = entrance
        self._endpoint: Endpoint | None = None
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Look for a replica."""
        super().connection_made(transport)
        self._entrance.counters.requests += 1
        self._entrance.counters.in_flight += 1
        self._connecting = self._context.loop.create_task(self._connect())

    async def _connect(self) -> None:
        context = self._context
        started = context.now()
        tried: list[Endpoint] = []
        while (endpoint := self._entrance.plan.default.pick(context.now(), tried)) is not None:
            endpoint.begin()
            endpoint.counters.requests += 1
            self._endpoint = endpoint
            try:
                async with asyncio.timeout(context.limits.connect):
                    _, replica = await context.loop.create_connection(Waiting, endpoint.host, endpoint.port)
            except OSError:
                endpoint.ejected_until = context.now() + EJECTION
                endpoint.counters.failed += 1
                endpoint.end()
                self._endpoint = None
                tried.append(endpoint)
                continue
            self._connecting = None
            self._endpoint = None
            bucket = bucket_of(int((context.now() - started) * 1_000_000))
            self._entrance.counters.answered(200, bucket)
            endpoint.counters.answered(200, bucket)
            Tunnel(context, self._entrance, endpoint, self.transport, replica.transport).open(
                self.early, replica.early
            )
            return
        self._connecting = None
        self._entrance.counters.failed += 1
        reset(self.transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone, or a tunnel never came to be."""
        self._entrance.counters.in_flight -= 1
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._endpoint is not None:
            self._endpoint.end()
            self._endpoint = None
