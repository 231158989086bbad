"""Durations counted in buckets: a percentile of any number of requests in a fixed amount of memory."""

import math

SMALLEST = 1e-5
GROWTH = 1.02
BUCKETS = 1024


class Histogram:
    """Counts seconds in buckets that grow by 2 %, which is the error of a percentile."""

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS
        self._total = 0
        self._longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        index = math.ceil(math.log(seconds / SMALLEST, GROWTH)) if seconds > SMALLEST else 0
        self._counts[min(index, BUCKETS - 1)] += 1
        self._total += 1
        self._longest = max(self._longest, seconds)

    def percentile(self, share: float) -> float:
        """Return the duration that this share (0 to 1) of all did not exceed; 0 when nothing was counted."""
        wanted = math.ceil(share * self._total)
        seen = 0
        for index, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(SMALLEST * GROWTH**index, self._longest) if index < BUCKETS - 1 else self._longest
        return 0.0
