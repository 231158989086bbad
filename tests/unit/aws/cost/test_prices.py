from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from flaskship.aws.cost.prices import HOURS, Price, Prices, load_prices
from flaskship.model.errors import ConfigurationError

HEAD = 'region = "r"\ncurrency = "USD"\nsource = "s"\ndate = 2025-06-30\n'
TAIL = "[use]\nspot_share = 0.35\n[use.dev]\nnat_gb = 1\n"


def test_the_file_says_where_its_prices_are_from_and_when(prices: Prices) -> None:
    assert "aws.amazon.com/pricing" in prices.source
    assert date.fromisoformat(prices.date)
    assert (prices.region, prices.currency) == ("us-west-2", "USD")
    assert set(prices.use) == {"dev", "staging", "prod"}
    assert len({frozenset(use) for use in prices.use.values()}) == 1, "the same is assumed of each"


def test_every_price_says_what_it_was_held_against_or_that_it_was_not(prices: Prices) -> None:
    used = {price.compared for price in prices.prices.values()} - {None}
    assert used == prices.compared.keys()
    assert all(prices.price(name).compared is None for name in prices.unproven)
    # What nobody could hold against anything would be named here, and in the report.
    assert prices.unproven == ()


def test_a_price_that_was_held_against_nothing_is_named(prices: Prices) -> None:
    alone = replace(prices, prices={**prices.prices, "tea": Price(Decimal("1"), "month")})
    assert alone.unproven == ("tea",)


def test_every_node_says_what_it_offers(prices: Prices) -> None:
    nodes = [price for name, price in prices.prices.items() if name[0] in "tmc" and name[1].isdigit()]
    assert len(nodes) > 5
    assert all(node.vcpu and node.gib and node.per == "hour" for node in nodes)


def test_an_hour_is_paid_for_a_whole_month() -> None:
    assert Price(Decimal("0.1"), "hour").monthly == HOURS * Decimal("0.1")
    assert Price(Decimal("0.1"), "GB").monthly == Decimal("0.1")


def test_prices_are_exact() -> None:
    assert Price(Decimal("0.1"), "GB").usd * 3 == Decimal("0.3")


def test_a_missing_price_says_what_to_write(prices: Prices) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no price of z9\.huge") as caught:
        prices.price("z9.huge")
    assert caught.value.location
    assert caught.value.location.file.endswith("prices.toml")
    assert caught.value.hint == 'write a table [price."z9.huge"] with usd and per there'


def test_a_missing_assumption_says_what_to_write(prices: Prices) -> None:
    with pytest.raises(ConfigurationError, match="nothing is assumed of nat_gb in qa"):
        prices.used("qa", "nat_gb")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("region = ", 0, "Invalid value"),
        (HEAD + TAIL, 0, "price is not there as a table"),
        ("price = 1\n" + HEAD + TAIL, 1, "price is not there as a table"),
        (HEAD + "[price]\nx = 1\n" + TAIL, 6, "[price]: x is 1, and must be a table of its own: [price.x]"),
        (
            HEAD + '[price.x]\nusd = 1\nper = "week"\n' + TAIL,
            7,
            "per is 'week', and must be one of hour, month",
        ),
        (HEAD + '[price.x]\nusd = -1\nper = "hour"\n' + TAIL, 6, "usd is -1, and must not be negative"),
        (HEAD + '[price.x]\nusd = nan\nper = "hour"\n' + TAIL, 6, "usd is NaN, and must not be negative"),
        (HEAD + '[price.x]\nusd = true\nper = "hour"\n' + TAIL, 6, "usd is True, and must be a number"),
        (HEAD + '[price.x]\nper = "hour"\n' + TAIL, 5, '[price."x"]: usd is not there'),
        (
            HEAD + '[price.x]\nusd = 1\nper = "hour"\ncpu = 2\n' + TAIL,
            8,
            "cpu is no field of a price: usd, per",
        ),
        (
            HEAD + '[price.x]\nusd = 1\nper = "hour"\ncompared = "tea"\n' + TAIL,
            8,
            "there is no table [compared.tea]",
        ),
        (
            HEAD + '[price."a b"]\nusd = "much"\nper = "hour"\n' + TAIL,
            6,
            "[price.\"a b\"]: usd is 'much', and must be a number without quotes",
        ),
        (HEAD + TAIL.replace("nat_gb = 1", 'nat_gb = "x"') + "[price]\n", 8, "[use.dev]: nat_gb is 'x'"),
        (HEAD + "[use]\n[price]\n", 5, "[use]: spot_share is not there"),
        (HEAD.replace('"r"', "1") + "[price]\n" + TAIL, 1, "region is 1, and must be a text"),
    ],
)
def test_a_broken_file_is_refused_with_table_field_and_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_prices(file)
    assert message in caught.value.message
    assert str(caught.value.location) == (f"{file}:{line}" if line else str(file))


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file of prices"):
        load_prices(tmp_path / "prices.toml")
