"""What /metrics says. One registry for each application, so that tests do not share counters."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from tomorrows.storage.jobs import Backlog

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]


class Metrics:
    """The counters and gauges of one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._registry = registry
        self.requests = Counter(
            "tomorrows_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self.latency = Histogram(
            "tomorrows_http_request_seconds",
            "Time from the first byte read to the answer made.",
            ("route",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )
        self.in_flight = Gauge("tomorrows_http_in_flight", "Requests being answered.", registry=registry)
        self.shed = Counter(
            "tomorrows_http_shed", "Requests refused because too many were in flight.", registry=registry
        )
        self.deliveries = Counter(
            "tomorrows_deliveries",
            "Attempts to deliver a reminder.",
            ("channel", "outcome"),
            registry=registry,
        )
        self.lateness = Histogram(
            "tomorrows_delivery_lateness_seconds",
            "Time from due to delivered.",
            buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200),
            registry=registry,
        )
        self.leases_lost = Counter(
            "tomorrows_leases_lost",
            "Leases that another worker took before the work was recorded.",
            registry=registry,
        )
        self.database_up = Gauge("tomorrows_database_up", "1 while the database answers.", registry=registry)
        self._waiting = Gauge("tomorrows_backlog_waiting", "Reminders not delivered yet.", registry=registry)
        self._due = Gauge("tomorrows_backlog_due", "Reminders due and not delivered yet.", registry=registry)
        self._leased = Gauge("tomorrows_backlog_leased", "Reminders being delivered.", registry=registry)
        self._oldest = Gauge(
            "tomorrows_backlog_oldest_seconds", "Age of the oldest due reminder.", registry=registry
        )

    def show_backlog(self, backlog: Backlog | None, age: float) -> None:
        """Publish the queue as it was measured; NaN when it could not be, because unknown is not zero."""
        unknown = float("nan")
        self.database_up.set(0 if backlog is None else 1)
        self._waiting.set(unknown if backlog is None else backlog.waiting)
        self._due.set(unknown if backlog is None else backlog.due)
        self._leased.set(unknown if backlog is None else backlog.leased)
        self._oldest.set(unknown if backlog is None else age)

    def render(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)
