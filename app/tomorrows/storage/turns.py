"""A queue before SQLite's write lock, which has none: who came first writes first."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class TurnTimeout(Exception):
    """Those before took longer than whoever waits has."""


class Turns:
    """One writer of the process at a time, in the order of their coming.

    SQLite gives its lock to whoever asks in the right instant. Of many threads one can lose every time until
    its seconds are over; of a queue's first ones, one for each process, none loses that often.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Wait for the turn and have it for the block; TurnTimeout when it has not come within `seconds`."""
        self._take(seconds)
        try:
            yield
        finally:
            self._pass_on()

    def _take(self, seconds: float) -> None:
        mine = threading.Event()
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            self._waiting.append(mine)
        if mine.wait(seconds):
            return
        with self._lock:
            if mine.is_set():
                return
            self._waiting.remove(mine)
        raise TurnTimeout

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
