"""Calling a webhook: each hop is resolved, judged, and reached at exactly the address that was judged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

import pybreaker

from tomorrows.domain import webhook_error
from tomorrows.outbound.addresses import Address, AllowList, judge
from tomorrows.outbound.breakers import Breakers
from tomorrows.outbound.http import Answer, Call, ExchangeFailed, exchange
from tomorrows.outbound.resolve import NotResolved, resolve

MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 307, 308})
SECONDS = 8.0


class Outcome(StrEnum):
    """How a call ended."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"
    CLOSED = "closed"
    """This worker's configuration closes the address: while it is changed, another worker may know better."""
    PAUSED = "paused"
    """The circuit is open: nothing was sent."""


@dataclass(frozen=True)
class Result:
    """The outcome, and the reason where it is not delivered."""

    outcome: Outcome
    reason: str = ""


class _ServerFailed(Exception):
    """A 5xx answer: counts against the destination."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True)
class WebhookCaller:
    """Sends a delivery; the resolver and the exchange can be replaced in tests."""

    allow: AllowList
    breakers: Breakers = field(default_factory=Breakers)
    resolve: Callable[[str, int], list[Address]] = resolve
    exchange: Callable[[Call], Answer] = exchange

    def deliver(self, url: str, headers: dict[str, str], body: bytes) -> Result:
        """Post to `url`, following a few redirects."""
        for _ in range(MAX_REDIRECTS + 1):
            hop = self._hop(url, headers, body)
            if isinstance(hop, Result):
                return hop
            error = webhook_error(hop)
            if error:
                return Result(Outcome.REFUSED, f"the redirect {error}")
            if url.startswith("https:") and not hop.startswith("https:"):
                return Result(Outcome.REFUSED, "the redirect leaves https")
            url = hop
        return Result(Outcome.RETRY, f"more than {MAX_REDIRECTS} redirects")

    def _hop(self, url: str, headers: dict[str, str], body: bytes) -> Result | str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            address, refused = judge(host, self.resolve(host, port), self.allow)
        except NotResolved as error:
            return Result(Outcome.RETRY, str(error))
        if address is None:
            return Result(Outcome.CLOSED, refused)
        call = Call("POST", url, str(address), headers, body, SECONDS)
        try:
            answer = self._send(f"{host}:{port}", call)
        except pybreaker.CircuitBreakerError:
            return Result(Outcome.PAUSED, f"{host}:{port} failed repeatedly and is left alone for a moment")
        except ExchangeFailed as error:
            return Result(Outcome.RETRY, str(error))
        return judge_answer(url, answer)

    def _send(self, destination: str, call: Call) -> Answer:
        try:
            with self.breakers.of(destination).calling():
                answer = self.exchange(call)
                if answer.status >= 500:
                    raise _ServerFailed(answer)
                return answer
        except _ServerFailed as failure:
            return failure.answer


def judge_answer(url: str, answer: Answer) -> Result | str:
    """Read an answer: a result, or the URL of the next hop. Pure."""
    if 200 <= answer.status < 300:
        return Result(Outcome.DELIVERED)
    if answer.status in REDIRECTS and answer.location:
        return urljoin(url, answer.location)
    if answer.status == 410:
        return Result(Outcome.REFUSED, "the webhook answered 410 Gone")
    return Result(Outcome.RETRY, f"the webhook answered {answer.status}")
