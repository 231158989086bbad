"""Asking a sibling how it is. What it does not answer stays unknown; nothing is guessed."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import pybreaker
import stamina
from prometheus_client.parser import text_string_to_metric_families

from tomorrows.outbound.breakers import Breakers
from tomorrows.outbound.http import Answer, Call, ExchangeFailed, exchange
from tomorrows.outbound.resolve import NotResolved, resolve
from tomorrows.settings import Sibling

SECONDS = 1.5
MAX_ANSWER = 1_000_000


@dataclass(frozen=True)
class Readings:
    """What /metrics told; None is unknown."""

    at: float
    requests: float = 0.0
    failures: float = 0.0
    waiting: float | None = None
    due: float | None = None
    oldest_seconds: float | None = None
    delivered: float | None = None
    started_at: float | None = None


@dataclass(frozen=True)
class Observation:
    """A sibling at one instant."""

    sibling: Sibling
    ready: bool | None
    reasons: tuple[str, ...]
    readings: Readings | None


def observe(
    sibling: Sibling,
    breakers: Breakers,
    *,
    clock: Callable[[], float] = time.time,
    send: Callable[[Call], Answer] = exchange,
) -> Observation:
    """Ask /ready and /metrics; a silent sibling is an observation too."""
    try:
        with breakers.of(sibling.name).calling():
            ready = _get(sibling, "/ready", send)
            metrics = _get(sibling, "/metrics", send)
    except pybreaker.CircuitBreakerError:
        return Observation(sibling, None, ("it failed repeatedly and is asked again in a moment",), None)
    except (ExchangeFailed, NotResolved) as error:
        return Observation(sibling, None, (str(error),), None)
    readings = read_metrics(metrics.body, clock()) if metrics.status == 200 else None
    return Observation(sibling, ready.status == 200, read_reasons(ready), readings)


def _get(sibling: Sibling, path: str, send: Callable[[Call], Answer]) -> Answer:
    for attempt in stamina.retry_context(
        on=ExchangeFailed, attempts=2, timeout=SECONDS, wait_initial=0.05, wait_jitter=0.1
    ):
        with attempt:
            address = str(resolve(sibling.host, sibling.port)[0])
            host = f"[{sibling.host}]" if ":" in sibling.host else sibling.host
            url = f"http://{host}:{sibling.port}{path}"
            answer = send(Call("GET", url, address, seconds=SECONDS, max_answer=MAX_ANSWER))
    return answer


def read_reasons(answer: Answer) -> tuple[str, ...]:
    """Read why a sibling is not ready. Pure."""
    if answer.status == 200:
        return ()
    try:
        reasons = json.loads(answer.body)["reasons"]
    except (ValueError, TypeError, KeyError):
        return (f"/ready answered {answer.status}",)
    return tuple(str(reason)[:300] for reason in reasons[:5]) if isinstance(reasons, list) else ()


def read_metrics(body: bytes, at: float) -> Readings | None:
    """Read the numbers that the page shows; None when it is not Prometheus' format. Pure."""
    totals: dict[str, float] = {}
    failures = 0.0
    try:
        for family in text_string_to_metric_families(body.decode("utf-8")):
            for sample in family.samples:
                if sample.labels.get("route") in ("/health", "/ready", "/startup", "/metrics"):
                    continue
                if sample.labels.get("outcome", "delivered") != "delivered":
                    continue
                totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
                if sample.name == "tomorrows_http_requests_total" and sample.labels["status"].startswith("5"):
                    failures += sample.value
    except (ValueError, KeyError, TypeError):
        return None
    return Readings(
        at=at,
        requests=totals.get("tomorrows_http_requests_total", 0.0),
        failures=failures,
        waiting=_known(totals.get("tomorrows_backlog_waiting")),
        due=_known(totals.get("tomorrows_backlog_due")),
        oldest_seconds=_known(totals.get("tomorrows_backlog_oldest_seconds")),
        delivered=_known(totals.get("tomorrows_deliveries_total")),
        started_at=_known(totals.get("process_start_time_seconds")),
    )


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def rate(before: Readings | None, now: Readings) -> float | None:
    """Give requests per second since the reading before, else since the process started. Pure."""
    if (
        before
        and before.started_at == now.started_at
        and now.requests >= before.requests
        and now.at > before.at
    ):
        return (now.requests - before.requests) / (now.at - before.at)
    if now.started_at is not None and now.at > now.started_at:
        return now.requests / (now.at - now.started_at)
    return None
