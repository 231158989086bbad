"""When a delivery that failed is tried again. Pure: the random number comes from outside."""

from datetime import timedelta

FIRST = 2.0
CAP = 300.0


def delay(attempts: int, fraction: float) -> timedelta:
    """Double from two seconds up to five minutes; the upper half is jitter, `fraction` lies in [0, 1)."""
    ceiling = min(CAP, FIRST * 2 ** min(attempts - 1, 16))
    return timedelta(seconds=ceiling / 2 + ceiling / 2 * fraction)
