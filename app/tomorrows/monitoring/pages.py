"""The Monitoring page: each sibling's health, rates and backlog, and plainly the gap where one is silent."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from flask import Blueprint, Response

from tomorrows.monitoring.scrape import Observation, Readings, observe, rate
from tomorrows.outbound.breakers import Breakers
from tomorrows.runtime import Runtime
from tomorrows.settings import Sibling
from tomorrows.web.pages import page, page_blueprint


@dataclass(frozen=True)
class Row:
    """A sibling as the page shows it."""

    observation: Observation
    rate: float | None


class Watch:
    """Observes the siblings on demand, side by side, and remembers the last readings for the rates."""

    def __init__(
        self, siblings: tuple[Sibling, ...], look: Callable[[Sibling, Breakers], Observation] = observe
    ) -> None:
        self._siblings = siblings
        self._look = look
        self._breakers = Breakers(fail_max=3, reset_seconds=3.0)
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="watch")
        self._before: dict[str, Readings] = {}
        self._lock = threading.Lock()

    def rows(self) -> list[Row]:
        """Observe all siblings once."""
        observations = list(
            self._pool.map(lambda sibling: self._look(sibling, self._breakers), self._siblings)
        )
        with self._lock:
            return [self._row(observation) for observation in observations]

    def _row(self, observation: Observation) -> Row:
        readings = observation.readings
        if readings is None:
            return Row(observation, None)
        name = observation.sibling.name
        row = Row(observation, rate(self._before.get(name), readings))
        self._before[name] = readings
        return row


def monitoring_blueprint(runtime: Runtime) -> Blueprint:
    """Make the page."""
    blueprint = page_blueprint("monitoring", runtime)
    watch = Watch(runtime.settings.siblings)

    @blueprint.get("/")
    def overview() -> Response:
        return page("monitoring.html", rows=watch.rows(), environment=runtime.settings.environment)

    return blueprint
