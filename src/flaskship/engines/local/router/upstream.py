"""One connection to a replica: reads answers and hands them to the exchange that it serves."""

import asyncio
from typing import TYPE_CHECKING

from flaskship.engines.local.router.bodies import Body, body_of
from flaskship.engines.local.router.endpoints import MAX_IDLE, Endpoint
from flaskship.engines.local.router.heads import MAX_HEAD, BadMessage, known_response, parse_response

if TYPE_CHECKING:
    from flaskship.engines.local.router.exchange import Exchange


class Upstream(asyncio.Protocol):
    """Serves one exchange at a time and rests in its endpoint's idle list between two."""

    __slots__ = ("_body", "_buffer", "_exchange", "answered", "endpoint", "transport")
    transport: asyncio.Transport

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.answered = False
        self._buffer = b""
        self._body: Body | None = None
        self._exchange: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The replica accepted."""
        self.transport = transport  # type: ignore[assignment]

    def begin(self, exchange: "Exchange", data: bytes) -> None:
        """Send the exchange's request."""
        self._exchange = exchange
        self.answered = False
        if self.transport.is_closing():
            asyncio.get_running_loop().call_soon(self._lost_before, exchange)
        else:
            self.transport.write(data)

    def finish(self, reusable: bool) -> None:
        """End the exchange: rest, or close where the connection cannot serve another."""
        self._exchange = None
        self._body = None
        endpoint = self.endpoint
        if reusable and not self._buffer and not endpoint.retired and len(endpoint.idle) < MAX_IDLE:
            if not self.transport.is_reading():
                self.transport.resume_reading()
            endpoint.idle.append(self)
        else:
            self.transport.close()

    def close(self) -> None:
        """Close without telling anybody."""
        self._exchange = None
        self.transport.close()

    def abort(self) -> None:
        """Close at once, so that the replica sees that nobody waits."""
        self._exchange = None
        self.transport.abort()

    def release(self) -> bytes:
        """Give the transport to a tunnel; return what was received beyond the head."""
        self._exchange = None
        rest, self._buffer = self._buffer, b""
        return rest

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        exchange = self._exchange
        if exchange is None:
            # An answer that nobody asked for must never reach the next request.
            self._forget()
            self.transport.abort()
            return
        try:
            body = self._body
            if body is None:
                self.answered = True
                if not self._buffer:
                    end = data.find(b"\r\n\r\n") + 4
                    response = known_response(data[: end - 2], exchange.request.method)
                    if response is not None and len(data) - end == response.length and response.status >= 200:
                        exchange.respond(response, data[end:], True)
                        return
                self._buffer = self._buffer + data if self._buffer else data
                self._heads(exchange)
                return
            forward, self._buffer = body.feed(data)
            exchange.pass_on(forward, body.done)
        except BadMessage as error:
            exchange.bad_answer(error)

    def _heads(self, exchange: "Exchange") -> None:
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0 or end > MAX_HEAD:
                if len(self._buffer) > MAX_HEAD:
                    raise BadMessage(502, f"the replica's header fields are over {MAX_HEAD} bytes")
                return
            response = parse_response(self._buffer[: end + 2], exchange.request.method)
            self._buffer = self._buffer[end + 4 :]
            if response.status == 101:
                exchange.switch(response)
                return
            if response.status >= 200:
                break
            exchange.interim(response)
        body = self._body = body_of(response.length, 502)
        if body is None:
            exchange.respond(response, b"", True)
        else:
            forward, self._buffer = body.feed(self._buffer)
            exchange.respond(response, forward, body.done)

    def pause_writing(self) -> None:
        """The replica is slow to take the request."""
        if self._exchange is not None:
            self._exchange.upstream_full(True)

    def resume_writing(self) -> None:
        """The replica took what waited."""
        if self._exchange is not None:
            self._exchange.upstream_full(False)

    def _lost_before(self, exchange: "Exchange") -> None:
        if self._exchange is exchange:
            self.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        """The replica closed."""
        exchange = self._exchange
        if exchange is None:
            self._forget()
        else:
            self._exchange = None
            exchange.upstream_lost(error)

    def _forget(self) -> None:
        if self in self.endpoint.idle:
            self.endpoint.idle.remove(self)
