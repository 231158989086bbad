from fractions import Fraction
from math import ceil

import pytest

from flaskship.model.errors import ConfigurationError
from flaskship.model.quantity import Quantity, format_bytes, parse_bytes, parse_cpu


@pytest.mark.parametrize(
    ("text", "milli"),
    [
        ("100m", 100), ("1", 1000), (1, 1000), (0, 0), ("0", 0), ("1.5", 1500), (1.5, 1500), (0.1, 100),
        ("0.001", 1), ("2k", 2_000_000), ("1e1", 10_000), ("1u", 1), ("1n", 1), ("1500u", 2), (".5", 500),
        ("5.", 5000), ("+2", 2000), ("0.0001", 1), (1e-3, 1),
    ],
)  # fmt: skip
def test_cpu_is_counted_in_thousandths_rounded_up(text, milli):
    assert parse_cpu(text) == milli


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("128Mi", 128 * 2**20), ("1G", 10**9), ("1Gi", 2**30), ("1e3", 1000), ("1E3", 1000), ("1E", 10**18),
        ("1Ei", 2**60), ("0", 0), ("512", 512), (512, 512), ("1.5Ki", 1536), ("0.1Ki", 103), ("1k", 1000),
        ("2T", 2 * 10**12), ("1Ti", 2**40), ("1P", 10**15), ("1Pi", 2**50), ("1M", 10**6), ("100m", 1),
        ("1e-3", 1), ("1e+2", 100), (1e3, 1000), (1e15, 10**15), ("7.99Ei", ceil(Fraction("7.99") * 2**60)),
        ("9223372036854775807", 2**63 - 1), ("12e2", 1200),
    ],
)  # fmt: skip
def test_bytes_are_whole_and_exact(text, count):
    assert parse_bytes(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1 Gi", "Gi", "1Gib", "1GB", "1g", "1K", "1mi", "--1", "1..5", "1e", "0x10", "1_000", "1,5",
        "m", ".", "+", "1ki", "1e1000", "١", "1m\n", "nan", "inf", float("nan"), float("inf"), "1" * 65,
        "8Ei", "1e30", True, None, [], {"a": 1}, b"1",
    ],
)  # fmt: skip
def test_what_is_no_quantity_is_refused_with_a_hint(text):
    with pytest.raises(ConfigurationError) as refused:
        Quantity.parse(text)
    assert "100m, 1.5, 128Mi, 1G, 1e3" in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("text", "right"), [("1GB", "should be G"), ("1K", "k or Ki"), ("64mi", "should be Mi")]
)
def test_a_common_slip_is_named(text, right):
    with pytest.raises(ConfigurationError, match=right):
        Quantity.parse(text)


def test_negative_amounts_parse_but_are_no_resource():
    assert Quantity.parse("-1.5").nano == -1_500_000_000
    with pytest.raises(ConfigurationError, match="negative"):
        parse_cpu("-100m")
    with pytest.raises(ConfigurationError, match="negative"):
        parse_bytes("-1")


def test_amounts_compare_whatever_they_are_written_in():
    assert Quantity.parse("1000m") == Quantity.parse("1") == Quantity.parse("1e0")
    assert Quantity.parse("1G") < Quantity.parse("1Gi")
    assert int(Quantity.parse("1.1")) == 2


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (1023, "1023"), (1024, "1Ki"), (128 * 2**20, "128Mi"), (1536, "1.5Ki"), (3 * 2**30, "3Gi")],
)
def test_bytes_are_shown_for_people(count, shown):
    assert format_bytes(count) == shown
