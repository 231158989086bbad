"""One connection of a client: reads requests one after another and answers them in order."""

import asyncio

from flaskship.engines.local.router.bodies import Body, body_of
from flaskship.engines.local.router.context import MAX_BUFFER, Context, Entrance, reset
from flaskship.engines.local.router.exchange import Exchange
from flaskship.engines.local.router.heads import (
    BadMessage,
    Request,
    find_head,
    known_request,
    parse_request,
    remember_request,
)
from flaskship.engines.local.router.replies import problem
from flaskship.engines.local.router.tunnel import Early


class Client(asyncio.Protocol):
    """Has at most one exchange at a time; what arrives early waits in a bounded buffer."""

    __slots__ = (
        "_advancing", "_body", "_buffer", "_closing", "_exchange", "_half_closed", "_reading", "_retiring",
        "_write_full", "context", "deadline", "entrance", "transport", "via",
    )  # fmt: skip
    transport: asyncio.Transport

    def __init__(self, context: Context, entrance: Entrance) -> None:
        self.context = context
        self.entrance = entrance
        self.via = b""
        self.deadline = 0.0
        self._buffer = b""
        self._body: Body | None = None
        self._exchange: Exchange | None = None
        self._advancing = False
        self._closing = False
        self._half_closed = False
        self._reading = True
        self._retiring = False
        self._write_full = False

    @property
    def leaving(self) -> bool:
        """Whether the connection is to end after the current answer."""
        return self._retiring or (self._half_closed and not self._buffer)

    def touch(self) -> None:
        """Something moved: start the time limit anew."""
        self.deadline = self.context.now() + self.context.limits.progress

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self.transport = transport  # type: ignore[assignment]
        address = transport.get_extra_info("peername")
        # Every request of the connection is sent on with it, and with an id that follows.
        self.via = (str(address[0]).encode() if address else b"unknown") + b"\r\nX-Request-Id: "
        context = self.context
        self.deadline = context.now() + context.limits.idle
        # One that was accepted in the moment of a swap.
        while self.entrance.heir is not None:
            self.entrance = self.entrance.heir
        self.entrance.open += 1
        context.clients.add(self)
        if len(context.clients) > context.limits.clients or self.entrance.closed or context.stopping:
            self.entrance.counters.failed += 1
            self._reply(503, "the router has too many connections, or is stopping")

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, or requests ahead of their turn."""
        if self._closing:
            return
        if self._body is not None:
            self._feed_body(data)
            return
        if self._exchange is None and not self._buffer and not self._write_full:
            request = known_request(data)
            if request is not None:
                self._begin(request)
                return
        self._buffer = self._buffer + data if self._buffer else data
        if self._exchange is None:
            self._advance()
        elif len(self._buffer) > MAX_BUFFER:
            self.update_reading()

    def _advance(self) -> None:
        """Start the next request that is complete, unless an answer is under way."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while self._buffer and self._exchange is None and not self._closing and not self._write_full:
                if not self._next():
                    break
        except BadMessage as error:
            self.entrance.counters.requests += 1
            self.entrance.counters.classes[4 if error.status < 500 else 5] += 1
            self._reply(error.status, error.reason)
        finally:
            self._advancing = False
        if self._half_closed and self._exchange is None:
            self._close(False)
        elif not self._reading:
            self.update_reading()

    def _next(self) -> bool:
        buffer = self._buffer
        if buffer[0] == 13:
            # An empty line before a request is tolerated (RFC 9112, 2.2).
            buffer = self._buffer = buffer.lstrip(b"\r\n")
        end = find_head(buffer)
        context = self.context
        if end < 0:
            if self.deadline - context.now() > context.limits.head:
                self.deadline = context.now() + context.limits.head
            return False
        request = parse_request(buffer[: end + 2])
        rest = buffer[end + 4 :]
        body = self._body = body_of(request.headers.length, 400)
        self._buffer = rest if body is None else b""
        if not rest:
            remember_request(buffer, request)
        exchange = self._begin(request)
        if body is not None and rest and self._exchange is exchange:
            self._feed_body(rest)
        return True

    def _begin(self, request: Request) -> Exchange:
        now = self.context.now()
        self.deadline = now + self.context.limits.progress
        exchange = self._exchange = Exchange(self, request, now)
        exchange.start()
        return exchange

    def _feed_body(self, data: bytes) -> None:
        body, exchange = self._body, self._exchange
        if body is None or exchange is None:
            return
        try:
            forward, rest = body.feed(data)
        except BadMessage as error:
            self._body = None
            exchange.bad_body(error)
            return
        if body.done:
            self._body = None
            self._buffer = rest
            exchange.request_complete = True
        if forward:
            exchange.send_body(forward)
        if self._exchange is exchange:
            self.touch()
            if exchange.full:
                self.update_reading()

    def update_reading(self) -> None:
        """Stop or go on reading, as the other side and the buffer want."""
        if self._closing:
            return
        exchange = self._exchange
        waiting = len(self._buffer) > MAX_BUFFER and (exchange is not None or self._write_full)
        reading = not (waiting or (exchange is not None and exchange.full))
        if reading != self._reading:
            self._reading = reading
            if reading:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def exchange_done(self, close: bool, *, linger: bool) -> None:
        """The answer is sent: go on with the next request, or close."""
        self._exchange = None
        if close or self._retiring or (self._half_closed and not self._buffer):
            self._body = None
            self._close(linger)
            return
        self.deadline = self.context.now() + self.context.limits.idle
        if self._buffer or not self._reading:
            self._advance()

    def retire(self) -> None:
        """Close as soon as no answer is under way."""
        self._retiring = True
        if self._exchange is None and not self._closing and not self._buffer:
            self._close(False)

    def move(self, heir: Entrance) -> bool:
        """Go on as a client of whoever serves the address now; False while an answer is under way."""
        if self._exchange is not None or self._closing:
            return False
        self.entrance.open -= 1
        self.entrance = heir
        heir.open += 1
        return True

    def release(self) -> Early:
        """Give the transport to a tunnel; return what the client sent ahead."""
        self._exchange = None
        self._closing = True
        return Early(self._buffer, self._half_closed)

    def abort(self) -> None:
        """Reset the connection, so that the client knows that the answer is not whole."""
        self._closing = True
        reset(self.transport)

    def expire(self) -> None:
        """The time limit passed."""
        if self._closing:
            self.transport.abort()
        elif self._exchange is not None:
            self._exchange.expire()
        elif self._buffer:
            self._reply(408, f"the head did not arrive within {self.context.limits.head:g} s")
        else:
            self._close(False)

    def _reply(self, status: int, reason: str) -> None:
        service = self.entrance.plan.service or self.entrance.name
        self.transport.write(problem(status, reason, service=service, close=True))
        self._close(True)

    def _close(self, linger: bool) -> None:
        if self._closing:
            return
        self._closing = True
        if not linger or self._half_closed:
            self.transport.close()
            return
        # The client may still be sending: closing now would reset the connection and lose the answer.
        self.deadline = self.context.now() + self.context.limits.linger
        if not self._reading:
            self._reading = True
            self.transport.resume_reading()
        self.transport.write_eof()

    def eof_received(self) -> bool:
        """The client sends no more; it still gets the answer to a whole request."""
        self._half_closed = True
        exchange = self._exchange
        return not self._closing and exchange is not None and exchange.request_complete

    def pause_writing(self) -> None:
        """The client is slow to take its answer."""
        self._write_full = True
        if self._exchange is not None:
            self._exchange.client_full(True)

    def resume_writing(self) -> None:
        """The client took what waited."""
        self._write_full = False
        if self._exchange is not None:
            self._exchange.client_full(False)
        elif self._buffer and not self._closing:
            self._advance()

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone: nobody waits for the answer."""
        self._closing = True
        self.leave()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.abort()

    def leave(self) -> None:
        """Count this connection out, once."""
        context = self.context
        if self in context.clients:
            context.clients.remove(self)
            self.entrance.open -= 1
            if context.stopping:
                context.gone()
