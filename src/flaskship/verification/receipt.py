"""Drives traffic through the route that users take, and counts what they would have seen."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flaskship.http_client import BadAnswer, Connection
from flaskship.model.verdict import Receipt
from flaskship.verification.histogram import Histogram

REQUEST_TIMEOUT = 10.0
BODY_LIMIT = 2048
USER_AGENT = ("User-Agent", "flaskship-receipt/1")


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """What an endpoint said once; status None and an error in words where nothing came back."""

    ok: bool
    status: int | None = None
    body: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """A parsed URL; http and https only."""

    host: str
    port: int
    path: str
    tls: ssl.SSLContext | None

    @classmethod
    def parse(cls, url: str) -> "_Target":
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https URL")
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, parts.port or (443 if tls else 80), path, tls)

    async def connect(self) -> Connection:
        return await Connection.open(self.host, self.port, tls=self.tls)


class _Tally:
    """What all connections have seen so far."""

    def __init__(self) -> None:
        self.sent = 0
        self.failed = 0
        self.durations = Histogram()

    def count(self, answered: bool, seconds: float) -> None:
        self.sent += 1
        self.failed += not answered
        self.durations.add(seconds)


async def drive(
    url: str,
    *,
    until: asyncio.Event,
    rate: float = 50.0,
    connections: int = 4,
    clock: Callable[[], float] = time.monotonic,
    timeout: float = REQUEST_TIMEOUT,
) -> Receipt:
    """Send `rate` GETs a second over so many connections until told to stop, and let the last ones finish.

    Every second connection keeps its socket, the others open one for each request. A failure is no answer or
    a 5xx; nothing is asked again, so that what a simple client would lose is counted, stale sockets included.
    """
    if rate <= 0 or connections < 1:
        raise ValueError("a receipt needs a rate above 0 and at least one connection")
    target, tally, began = _Target.parse(url), _Tally(), clock()
    interval = connections / rate
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            client = _Client(target, tally, keep_alive=number % 2 == 0, clock=clock, timeout=timeout)
            group.create_task(client.run(until, began + number / rate, interval))
    return Receipt(
        sent=tally.sent,
        failed=tally.failed,
        p50_ms=round(tally.durations.percentile(0.5) * 1000, 3),
        p99_ms=round(tally.durations.percentile(0.99) * 1000, 3),
        seconds=round(clock() - began, 3),
    )


async def check_health(url: str, timeout: float) -> HealthAnswer:
    """Ask once and tell what came back; only 200 to 299 is ok, and nothing is raised for a bad answer."""
    try:
        target = _Target.parse(url)
        async with asyncio.timeout(timeout), await target.connect() as connection:
            answer = await connection.get(
                target.path, headers=(USER_AGENT,), body_limit=BODY_LIMIT, read_on=False
            )
    except TimeoutError:
        return HealthAnswer(ok=False, error=f"no answer within {timeout:g} s")
    except ConnectionRefusedError:
        return HealthAnswer(ok=False, error="connection refused: nothing listens there")
    except (BadAnswer, OSError, ValueError) as error:
        return HealthAnswer(ok=False, error=str(error) or type(error).__name__)
    body = answer.body.decode("utf-8", errors="replace")
    return HealthAnswer(ok=200 <= answer.status < 300, status=answer.status, body=body)


class _Client:
    """One user: asks at its own pace, over one kept socket or a new one each time."""

    def __init__(
        self, target: _Target, tally: _Tally, *, keep_alive: bool, clock: Callable[[], float], timeout: float
    ) -> None:
        self._target = target
        self._tally = tally
        self._keep_alive = keep_alive
        self._clock = clock
        self._timeout = timeout
        self._kept: Connection | None = None

    async def run(self, until: asyncio.Event, first: float, interval: float) -> None:
        due = first
        try:
            while not await _over(until, due - self._clock()):
                began = self._clock()
                answered = await self._ask()
                ended = self._clock()
                self._tally.count(answered, ended - began)
                # What a slow answer made us miss is not made up for by a burst.
                due = max(due + interval, ended)
        finally:
            self._drop()

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                if self._kept is None:
                    self._kept = await self._target.connect()
                answer = await self._kept.get(
                    self._target.path, headers=(USER_AGENT,), keep_alive=self._keep_alive, body_limit=0
                )
        except (BadAnswer, OSError):
            self._drop()
            return False
        if not self._kept.reusable:
            self._drop()
        return answer.status < 500

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


async def _over(until: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until it is over; tell whether it is."""
    if seconds <= 0:
        # A server that answers at once must not keep the loop from everybody else.
        await asyncio.sleep(0)
        return until.is_set()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)
    return until.is_set()
