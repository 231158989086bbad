from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.router.statistics import Counters, bucket_of, quantile_ms, upper_bound


@given(st.integers(0, 60_000_000))
def test_a_latency_is_below_its_buckets_bound_by_at_most_a_quarter(microseconds):
    bound = upper_bound(bucket_of(microseconds))
    assert microseconds < bound
    assert bound <= microseconds * 1.25 + 1


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_buckets_keep_the_order(one, two):
    assert (bucket_of(min(one, two))) <= bucket_of(max(one, two))


def test_an_endless_latency_is_in_the_last_bucket():
    assert bucket_of(10**12) == bucket_of(10**15)
    assert len(Counters().histogram) == bucket_of(10**15) + 1


def test_quantiles_are_found():
    counters = Counters()
    for microseconds in [1000] * 98 + [50_000] * 2:
        counters.answered(200, bucket_of(microseconds))
    assert 1.0 <= quantile_ms(counters.histogram, 0.5) <= 1.25
    assert 50.0 <= quantile_ms(counters.histogram, 0.99) <= 62.5


def test_of_no_requests_there_is_no_latency():
    assert quantile_ms([], 0.5) == 0.0
    assert quantile_ms(Counters().histogram, 0.99) == 0.0


def test_counts_are_by_class_and_the_histogram_is_cut():
    counters = Counters()
    counters.answered(204, 3)
    counters.answered(503, 5)
    counters.answered(799, 5)
    found = counters.to_json()
    assert found["responses"] == {"1xx": 0, "2xx": 1, "3xx": 0, "4xx": 0, "5xx": 2}
    assert found["latency"] == [0, 0, 0, 1, 0, 2]
