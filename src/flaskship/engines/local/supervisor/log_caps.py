"""Keeps the log files of replicas within bounds, and costs nothing while nobody writes.

A replica writes to its file itself: nobody stands between, whose death would end it. So a file holds the cap
and what is written until it is cut. At the speed of memory, 1 to 2 GB a second, that was 30 to 120 MB for an
instant at load 8 to 11. A limit of the system on a file's size would hold for the application's files too.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from flaskship.engines.local.processes.changes import FileChanges, PollingChanges
from flaskship.engines.local.processes.logs import UNCUT, Cuts, copy_truncate
from flaskship.model.frozen import dataclass

MOST_BYTES = 10 * 1024 * 1024
KEPT_BYTES = 5 * 1024 * 1024
DEAF_SECONDS = 0.05
"""Who writes again and again is looked at no more often than this, whatever the number of lines..."""
HASTY_SECONDS = 0.004
"""...but as often as this where the cap is near: a disk takes a gibibyte in a second."""


@dataclass(frozen=True, slots=True)
class Look:
    """The size of a file at an instant."""

    size: int
    at: float


NEVER = Look(0, float("-inf"))


class LogCaps:
    """Cuts every watched file back to its last megabytes when it has grown too long."""

    def __init__(self, changes: FileChanges | None = None) -> None:
        self._changes = changes or PollingChanges()
        self._looks: dict[Path, Look] = {}
        self._cuts: dict[Path, Cuts] = {}
        self.steady = asyncio.Lock()
        """Whoever holds it finds each file and what was cut off it as they belong together."""

    def watch(self, path: Path) -> None:
        """Keep this file within bounds until it is removed."""
        self._changes.watch(path)

    def cuts(self, path: Path) -> Cuts:
        """Return how this file was cut so far."""
        return self._cuts.get(path, UNCUT)

    async def run(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look at what was written to; until cancelled."""
        try:
            while True:
                pauses = [await self._look(path, now) for path in await self._changes.changed()]
                # Who is heard at once need not be heard while others are not.
                if pause := min(filter(None, pauses), default=0.0):
                    await sleep(pause)
        finally:
            self._changes.close()

    async def _look(self, path: Path, now: Callable[[], float]) -> float:
        before = self._looks.get(path, NEVER)
        try:
            look = Look(os.stat(path).st_size, now())  # noqa: PTH116 (waits for nothing)
            pause = deaf_for(before, look)
            if look.size > MOST_BYTES:
                async with self.steady:
                    copied = await asyncio.to_thread(copy_truncate, path, KEPT_BYTES)
                    self._cuts[path] = self.cuts(path).then(copied)
                look = Look(0, now())
        except FileNotFoundError:
            self._looks.pop(path, None)
            self._cuts.pop(path, None)
            return 0.0
        except OSError:
            return DEAF_SECONDS
        self._looks[path] = look
        return pause


def deaf_for(before: Look, look: Look) -> float:
    """Return for how many seconds nobody need hear of this file: half of the time until it may be too long.

    Who writes now and then is heard at once, and nothing has to wake up again after it.
    """
    seconds = look.at - before.at
    if seconds > 2 * DEAF_SECONDS:
        return 0.0
    grown = max(1, look.size - before.size)
    return min(DEAF_SECONDS, max(HASTY_SECONDS, (MOST_BYTES - look.size) * seconds / grown / 2))
