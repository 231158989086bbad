import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.verification.histogram import GROWTH, SMALLEST, Histogram


def filled(*seconds: float) -> Histogram:
    histogram = Histogram()
    for one in seconds:
        histogram.add(one)
    return histogram


def test_nothing_counted_is_zero():
    assert filled().percentile(0.5) == 0.0


def test_one_value_is_every_percentile():
    assert filled(0.25).percentile(0.01) == pytest.approx(0.25, rel=0.02)
    assert filled(0.25).percentile(0.99) == pytest.approx(0.25, rel=0.02)


def test_one_slow_answer_in_a_hundred_is_seen_above_the_99th():
    histogram = filled(*[0.001] * 99, 2.0)
    assert histogram.percentile(0.99) == pytest.approx(0.001, rel=0.02)
    assert histogram.percentile(1.0) == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_extremes_are_counted(seconds):
    assert filled(seconds).percentile(0.5) == pytest.approx(min(seconds, 1e9), abs=SMALLEST)


@given(st.lists(st.floats(1e-4, 100.0), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_percentile_is_exact_to_two_percent(seconds, share):
    exact = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    assert exact / GROWTH <= filled(*seconds).percentile(share) <= exact * GROWTH * 1.0001
