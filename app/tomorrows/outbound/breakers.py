"""A circuit breaker for each destination; the least recently used ones are forgotten."""

import threading
from collections import OrderedDict

import pybreaker

MOST = 512


class Breakers:
    """Breakers by destination; threads share one collection."""

    def __init__(self, *, fail_max: int = 5, reset_seconds: float = 5.0) -> None:
        self._fail_max = fail_max
        self._reset_seconds = reset_seconds
        self._lock = threading.Lock()
        self._breakers: OrderedDict[str, pybreaker.CircuitBreaker] = OrderedDict()

    def of(self, destination: str) -> pybreaker.CircuitBreaker:
        """Give the breaker of a destination."""
        with self._lock:
            breaker = self._breakers.pop(destination, None) or pybreaker.CircuitBreaker(
                fail_max=self._fail_max,
                reset_timeout=self._reset_seconds,
                throw_new_error_on_trip=False,
                name=destination,
            )
            self._breakers[destination] = breaker
            if len(self._breakers) > MOST:
                self._breakers.popitem(last=False)
            return breaker
