"""What one process shares between its requests and its loop: settings, database, clock, metrics, draining."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tomorrows.metrics import Metrics
from tomorrows.settings import Settings
from tomorrows.storage.database import Database


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Runtime:
    """Made once for each process, before the first request."""

    settings: Settings
    database: Database
    metrics: Metrics
    now: Callable[[], datetime] = _now
    new_id: Callable[[], str] = _new_id
    draining: threading.Event = field(default_factory=threading.Event)
    """Set when the process was told to stop; /ready says 503 from then on."""


class Background:
    """What a role runs beside its requests; this one, of the roles that only answer, runs nothing."""

    def start(self) -> None:
        """Begin; called once, after the fork."""

    def stop(self, timeout: float) -> None:
        """Finish or hand back what is under way within `timeout` seconds; calling it again does nothing."""

    def problem(self) -> str | None:
        """Say why the loop is not working, or None."""
        return None

    def started(self) -> bool:
        """Whether the first round is done."""
        return True
