"""Counts and latencies: cheap to add to, enough for rates and percentiles."""

from collections.abc import Sequence
from typing import Any, Final

_STEPS: Final = 4
"""Buckets per doubling: a percentile is at most a fifth too high."""
_BUCKETS: Final = 27 * _STEPS


def bucket_of(microseconds: int) -> int:
    """Return the bucket of a latency."""
    if microseconds < _STEPS:
        return max(microseconds, 0)
    doubling = microseconds.bit_length() - 3
    bucket = (doubling + 1) * _STEPS + ((microseconds >> doubling) & (_STEPS - 1))
    return bucket if bucket < _BUCKETS else _BUCKETS - 1


def upper_bound(bucket: int) -> int:
    """Return the first number of microseconds above the bucket."""
    if bucket < _STEPS:
        return bucket + 1
    doubling, step = divmod(bucket, _STEPS)
    return (_STEPS + step + 1) << (doubling - 1)


def quantile_ms(histogram: Sequence[int], quantile: float) -> float:
    """Return the latency in milliseconds that this share of the requests stayed under; 0.0 of no requests."""
    wanted = quantile * sum(histogram)
    seen = 0
    for bucket, count in enumerate(histogram):
        seen += count
        if count and seen >= wanted:
            return upper_bound(bucket) / 1000
    return 0.0


class Counters:
    """What one listener or one endpoint served; failed are those that the router could not serve."""

    __slots__ = ("aborted", "classes", "failed", "histogram", "in_flight", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.failed = 0
        self.aborted = 0
        self.in_flight = 0
        self.classes = [0] * 6
        self.histogram = [0] * _BUCKETS

    def answered(self, status: int, bucket: int) -> None:
        """Count one complete answer."""
        self.classes[status // 100 if status < 600 else 5] += 1
        self.histogram[bucket] += 1

    def to_json(self) -> dict[str, Any]:
        """Return the counts; the histogram without its empty end."""
        histogram = self.histogram[:]
        while histogram and not histogram[-1]:
            histogram.pop()
        return {
            "requests": self.requests,
            "failed": self.failed,
            "aborted": self.aborted,
            "in_flight": self.in_flight,
            "responses": {f"{n}xx": self.classes[n] for n in range(1, 6)},
            "latency": histogram,
            "p50_ms": quantile_ms(histogram, 0.5),
            "p99_ms": quantile_ms(histogram, 0.99),
        }
