"""The router, which always runs, starts a supervisor that died again."""

import asyncio
import subprocess
import time
from collections.abc import Callable

LOST_SECONDS = 1.0
LEFT_SECONDS = 10.0
LONGEST_SECONDS = 60.0
SETTLED_SECONDS = 10.0

Log = Callable[..., None]


def pause(attempt: int, first: float = LOST_SECONDS) -> float:
    """Return how long to wait before the attempt (0, 1, ...): doubling, up to a minute."""
    return min(LONGEST_SECONDS, first * 2.0 ** min(attempt, 10))


class Revival:
    """Starts the supervisor after its channel was lost and none came back, again and again, ever slower.

    One that said that it leaves (for newer code, or asked to) gets more time to be followed by another.
    """

    def __init__(
        self,
        start: Callable[[], "subprocess.Popen[bytes]"],
        log: Log,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start = start
        self._log = log
        self._now = now
        self._attached: dict[object, float] = {}
        self._left: set[object] = set()
        self._attempt = 0
        self._timer: asyncio.TimerHandle | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._ended = False

    def attach(self, channel: object) -> None:
        """A supervisor is there, and wants to be started again if this channel is lost."""
        self._attached[channel] = self._now()
        self._cancel()

    def leave(self, channel: object) -> None:
        """The supervisor of this channel ends on purpose."""
        self._left.add(channel)

    def closed(self, channel: object) -> None:
        """A channel has gone; that of a stranger changes nothing."""
        told = channel in self._left
        self._left.discard(channel)
        if channel in self._attached:
            if self._now() - self._attached.pop(channel) >= SETTLED_SECONDS:
                self._attempt = 0
            if not self._attached:
                # One that dies as soon as it is there is started ever slower.
                self._schedule(LEFT_SECONDS if told else pause(self._attempt))

    def sweep(self) -> None:
        """Collect the supervisors of ours that have ended."""
        self._children = [child for child in self._children if child.poll() is None]

    def end(self) -> None:
        """Start nothing any more."""
        self._ended = True
        self._cancel()

    def _schedule(self, seconds: float) -> None:
        self._cancel()
        if not self._ended:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._revive)

    def _revive(self) -> None:
        self._timer = None
        try:
            child = self._start()
        except OSError as error:
            self._log("supervisor.not_revived", error=str(error), attempt=self._attempt)
        else:
            self._children.append(child)
            self._log("supervisor.revived", started=child.pid, attempt=self._attempt)
        self._attempt += 1
        self._schedule(pause(self._attempt))

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
