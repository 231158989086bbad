"""One request on its way: choose a replica, send, relay the answer, retry where that is safe."""

import asyncio
from typing import TYPE_CHECKING

from flaskship.engines.local.router.context import MAX_BUFFER
from flaskship.engines.local.router.endpoints import EJECTION, Endpoint
from flaskship.engines.local.router.heads import CHUNKED, UNTIL_CLOSE, BadMessage, Request, Response
from flaskship.engines.local.router.replies import problem
from flaskship.engines.local.router.statistics import bucket_of
from flaskship.engines.local.router.tunnel import Early, Tunnel
from flaskship.engines.local.router.upstream import Upstream

if TYPE_CHECKING:
    from flaskship.engines.local.router.client import Client


class Exchange:
    """A request and its answer; retried only before the first byte of an answer."""

    __slots__ = (
        "_client", "_close", "_connecting", "_ended", "_endpoint", "_fresh", "_head",
        "_pending", "_pending_size", "_request_id", "_response", "_reused", "_started", "_tried", "_upstream",
        "_upstream_full", "request", "request_complete",
    )  # fmt: skip

    def __init__(self, client: "Client", request: Request, now: float) -> None:
        self._client = client
        self.request = request
        headers = request.headers
        self.request_complete = headers.length == 0
        self._request_id = headers.request_id or client.context.new_id()
        self._head = b"".join((request.before, client.via, self._request_id, request.after))
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._endpoint: Endpoint | None = None
        self._upstream: Upstream | None = None
        self._upstream_full = False
        self._response: Response | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._tried: list[Endpoint] = []
        self._reused = False
        self._fresh = not request.safe
        self._close = False
        self._ended = False
        self._started = now

    def start(self) -> None:
        """Choose a replica and send."""
        counters = self._client.entrance.counters
        counters.requests += 1
        counters.in_flight += 1
        self._attempt(503, "no replica is ready")

    def _attempt(self, status: int, reason: str) -> None:
        plan = self._client.entrance.plan
        balancer = plan.choose(self.request)
        tried = self._tried
        endpoint = balancer.pick(self._client.context.now() if tried else self._started, tried)
        if endpoint is not None:
            self._take(endpoint)
        elif plan.is_nobodys(balancer):
            self._fail(404, "no rule takes this host and path", ours=False)
        else:
            self._fail(status, reason)

    def _take(self, endpoint: Endpoint) -> None:
        endpoint.in_flight += 1
        endpoint.counters.requests += 1
        self._endpoint = endpoint
        if endpoint.idle and not self._fresh:
            self._reused = True
            self._attach(endpoint.idle.pop())
        else:
            self._reused = False
            self._connecting = self._client.context.loop.create_task(self._connect(endpoint))

    async def _connect(self, endpoint: Endpoint) -> None:
        context = self._client.context
        try:
            async with asyncio.timeout(context.limits.connect):
                _, upstream = await context.loop.create_connection(
                    lambda: Upstream(endpoint), endpoint.host, endpoint.port
                )
        except TimeoutError:
            self._connecting = None
            self._unreachable(
                endpoint, 504, f"replica {endpoint} did not accept within {context.limits.connect:g} s"
            )
        except OSError as error:
            self._connecting = None
            self._unreachable(
                endpoint, 502, f"replica {endpoint} refused the connection: {error.strerror or error}"
            )
        else:
            self._connecting = None
            self._attach(upstream)

    def _unreachable(self, endpoint: Endpoint, status: int, reason: str) -> None:
        endpoint.ejected_until = self._client.context.now() + EJECTION
        endpoint.counters.failed += 1
        self._leave_endpoint()
        self._tried.append(endpoint)
        self._attempt(status, reason)

    def _attach(self, upstream: Upstream) -> None:
        self._upstream = upstream
        if self._pending:
            data = b"".join((self._head, *self._pending))
            self._pending.clear()
            self._pending_size = 0
            upstream.begin(self, data)
            self._client.update_reading()
        else:
            upstream.begin(self, self._head)

    # From the client

    @property
    def full(self) -> bool:
        """Whether the client should send no more for now."""
        return self._upstream_full or self._pending_size > MAX_BUFFER

    def send_body(self, data: bytes) -> None:
        """Send a part of the request's body on."""
        if self._upstream is None:
            self._pending.append(data)
            self._pending_size += len(data)
        else:
            self._upstream.transport.write(data)

    def client_full(self, full: bool) -> None:
        """Hold the replica's answer back while the client is slow to take it."""
        if self._upstream is None or self._upstream.transport.is_closing():
            return
        if full:
            self._upstream.transport.pause_reading()
        else:
            self._upstream.transport.resume_reading()

    def bad_body(self, error: BadMessage) -> None:
        """The request's body is malformed: the replica must not take it for a whole one."""
        if self._response is None:
            self._fail(error.status, error.reason, ours=False)
        else:
            self._client.abort()

    def abort(self) -> None:
        """The client went away."""
        self._end()
        self._client.entrance.counters.aborted += 1

    def expire(self) -> None:
        """Nothing moved for too long."""
        seconds = self._client.context.limits.progress
        if self._response is not None:
            self._client.abort()
        elif not self.request_complete:
            self._fail(408, f"nothing of the body arrived for {seconds:g} s", ours=False)
        else:
            self._fail(504, f"replica {self._endpoint} did not answer within {seconds:g} s")

    # From the replica

    def upstream_full(self, full: bool) -> None:
        """Hold the request's body back while the replica is slow to take it."""
        self._upstream_full = full
        self._client.update_reading()

    def interim(self, response: Response) -> None:
        """Pass 100 Continue and its like on."""
        if self.request.minor:
            self._client.transport.write(response.more)

    def respond(self, response: Response, data: bytes, complete: bool) -> None:
        """Pass the answer's head on, with the first part of its body."""
        request = self.request
        client = self._client
        if response.length == CHUNKED and not request.minor:
            raise BadMessage(502, "the replica sent chunks to an HTTP/1.0 client")
        self._response = response
        close = self._close = (
            not request.persistent
            or response.length == UNTIL_CLOSE
            or not self.request_complete
            or client.leaving
        )
        if close:
            head = response.last
        elif request.minor:
            head = response.more
        else:
            head = response.kept + b"Connection: keep-alive\r\n\r\n"
        client.transport.write(head + data)
        if complete:
            self._complete()
        else:
            client.touch()

    def pass_on(self, data: bytes, complete: bool) -> None:
        """Pass a part of the answer's body on."""
        if data:
            self._client.transport.write(data)
        if complete:
            self._complete()
        else:
            self._client.touch()

    def switch(self, response: Response) -> None:
        """The replica speaks WebSocket from here on: connect both sides directly."""
        upstream, endpoint, client = self._upstream, self._endpoint, self._client
        if not self.request.headers.upgrade or upstream is None or endpoint is None:
            raise BadMessage(502, "the replica switched protocols without being asked")
        client.transport.write(response.kept + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self._count(101)
        self._ended = True
        tunnel = Tunnel(client.context, client.entrance, endpoint, client.transport, upstream.transport)
        tunnel.open(client.release(), Early(upstream.release()))
        client.leave()

    def bad_answer(self, error: BadMessage) -> None:
        """The replica sent what cannot be forwarded."""
        if self._response is None:
            self._fail(502, f"replica {self._endpoint}: {error.reason}")
        else:
            self._truncated()

    def upstream_lost(self, error: Exception | None) -> None:
        """The replica closed the connection."""
        upstream, endpoint = self._upstream, self._endpoint
        self._upstream = None
        response = self._response
        if response is not None:
            if response.length == UNTIL_CLOSE and error is None:
                self._complete()
            else:
                self._truncated()
            return
        reason = f"replica {endpoint} closed the connection without an answer"
        if upstream is None or endpoint is None or upstream.answered or not self.request.safe:
            self._fail(502, reason)
            return
        endpoint.counters.failed += 1
        self._leave_endpoint()
        self._fresh = True
        self._tried.append(endpoint)
        balancer = self._client.entrance.plan.choose(self.request)
        another = balancer.pick(self._client.context.now(), self._tried)
        if another is not None:
            self._take(another)
        elif self._reused and not endpoint.retired:
            # The idle connection was closed while the request was under way: the same replica, asked anew.
            self._take(endpoint)
        else:
            self._fail(502, reason)

    # Endings

    def _complete(self) -> None:
        response, upstream = self._response, self._upstream
        assert response is not None
        if upstream is not None:
            self._upstream = None
            upstream.finish(response.persistent and self.request_complete and self.request.minor == 1)
        self._count(response.status)
        self._end()
        self._client.exchange_done(self._close, linger=not self.request_complete)

    def _count(self, status: int) -> None:
        client = self._client
        bucket = bucket_of(int((client.context.now() - self._started) * 1_000_000))
        client.entrance.counters.answered(status, bucket)
        if self._endpoint is not None:
            self._endpoint.counters.answered(status, bucket)

    def _fail(self, status: int, reason: str, *, ours: bool = True) -> None:
        client = self._client
        if ours:
            client.entrance.counters.failed += 1
            if self._endpoint is not None:
                self._endpoint.counters.failed += 1
        request = self.request
        close = not request.persistent or not self.request_complete or client.leaving or not request.minor
        service = client.entrance.plan.choose(request).service or client.entrance.name
        client.transport.write(
            problem(
                status,
                reason,
                service=service,
                request_id=self._request_id.decode("latin-1"),
                head_only=request.method == b"HEAD",
                close=close,
            )
        )
        self._end()
        client.exchange_done(close, linger=not self.request_complete)

    def _truncated(self) -> None:
        """The answer broke off: only a reset tells the client that it is not whole."""
        self._client.entrance.counters.failed += 1
        if self._endpoint is not None:
            self._endpoint.counters.failed += 1
        self._client.abort()

    def _leave_endpoint(self) -> None:
        if self._endpoint is not None:
            self._endpoint.end()
            self._endpoint = None

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._client.entrance.counters.in_flight -= 1
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._upstream is not None:
            self._upstream.abort()
            self._upstream = None
        self._leave_endpoint()
