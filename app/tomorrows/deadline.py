"""Ends what takes too long: one thread watches every deadline of the process."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass
class Deadline:
    """An instant on the monotonic clock, and what ends the work then."""

    at: float
    cut: Callable[[], None]
    late: bool = False


class Watch:
    """Runs the cut of each deadline that passes; its thread starts with the first one, after any fork."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: dict[int, Deadline] = {}
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def cut_after(self, seconds: float, cut: Callable[[], None]) -> Iterator[Deadline]:
        """Call `cut` from another thread unless the block ends within `seconds`; `late` then says so."""
        deadline = Deadline(time.monotonic() + seconds, cut)
        with self._changed:
            self._deadlines[id(deadline)] = deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            # Deadlines differ little: wake the thread only when it sleeps without one.
            if len(self._deadlines) == 1:
                self._changed.notify()
        try:
            yield deadline
        finally:
            with self._changed:
                self._deadlines.pop(id(deadline), None)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._deadlines:
                    self._changed.wait()
                    continue
                now = time.monotonic()
                passed = [key for key, deadline in self._deadlines.items() if deadline.at <= now]
                for key in passed:
                    deadline = self._deadlines.pop(key)
                    deadline.late = True
                    # Under the lock: a block that has ended is never cut, its socket may be another's by now.
                    with contextlib.suppress(OSError):
                        deadline.cut()
                if self._deadlines:
                    nearest = min(deadline.at for deadline in self._deadlines.values())
                    self._changed.wait(min(max(nearest - now, 0.01), 0.5))


watch = Watch()
