from decimal import Decimal
from typing import Any

import pytest

from flaskship.aws.cost.bill import Bill, make_bill
from flaskship.aws.cost.prices import Prices
from flaskship.model.errors import ConfigurationError

Sizes = dict[str, dict[str, Any]]


def counts(bill: Bill) -> dict[str, Decimal]:
    return {
        item.what: item.count for item in bill.items if item.what not in ("logs taken in", "logs kept", "key")
    }


def test_a_small_environment(prices: Prices, sizes: Sizes) -> None:
    bill = make_bill("dev", sizes, prices, exposed=False)
    found = counts(bill)
    assert found["NAT gateway"] == found["public IPv4 address"] == found["EKS cluster"] == 1
    assert found["m6i.large"] == 1
    assert found["disk gp3"] == 50
    assert found["db.t4g.micro"] == 1
    assert found["database disk gp3"] == 20
    assert "interface endpoint" not in found
    assert "m6i.large, spot" not in found
    assert "load balancer" not in found
    assert (bill.vcpu, bill.gib) == (2, 8)


def test_the_total_is_the_sum_of_the_stacks_and_of_the_items(prices: Prices, sizes: Sizes) -> None:
    bill = make_bill("dev", sizes, prices, exposed=True)
    assert list(bill.stacks) == ["network", "platform", "app"]
    assert bill.total == sum(bill.stacks.values()) == sum(item.monthly for item in bill.items)


def test_every_item_is_in_whole_cents_so_that_sums_are_of_what_is_printed(
    prices: Prices, sizes: Sizes
) -> None:
    bill = make_bill("prod", sizes, prices, exposed=True)
    assert any(item.count * item.price.monthly % Decimal("0.01") for item in bill.items), (
        "some are not, by nature"
    )
    assert bill.total == sum(Decimal(f"{item.monthly:.2f}") for item in bill.items)


def test_the_dashboard_is_paid(prices: Prices, sizes: Sizes) -> None:
    (item,) = [one for one in make_bill("dev", sizes, prices, exposed=False).items if one.what == "dashboard"]
    assert (item.stack, item.monthly) == ("app", 3)


def test_a_gateway_and_an_address_in_each_zone(prices: Prices, sizes: Sizes) -> None:
    sizes["network"] |= {"nat_per_zone": True, "zones": ["a", "b", "c"]}
    assert counts(make_bill("prod", sizes, prices, exposed=False))["NAT gateway"] == 3


def test_an_endpoint_is_paid_in_each_zone(prices: Prices, sizes: Sizes) -> None:
    sizes["network"]["interface_endpoints"] = ["ecr.api", "ecr.dkr", "sts"]
    assert counts(make_bill("prod", sizes, prices, exposed=False))["interface endpoint"] == 6


def test_spot_costs_its_share_and_offers_as_much(prices: Prices, sizes: Sizes) -> None:
    sizes["platform"]["spot"]["size"]["desired"] = Decimal(2)
    bill = make_bill("dev", sizes, prices, exposed=False)
    spot = next(item for item in bill.items if item.what == "m6i.large, spot")
    node = next(item for item in bill.items if item.what == "m6i.large")
    assert spot.price.usd == node.price.usd * prices.spot_share
    assert (bill.vcpu, bill.gib) == (6, 24)
    assert counts(bill)["disk gp3"] == 150


def test_a_standby_doubles_machine_and_disk(prices: Prices, sizes: Sizes) -> None:
    sizes["app"]["database"]["multi_az"] = True
    found = counts(make_bill("prod", sizes, prices, exposed=False))
    assert (found["db.t4g.micro"], found["database disk gp3"]) == (2, 40)


def test_logs_are_paid_once_and_kept_as_long_as_said(prices: Prices, sizes: Sizes) -> None:
    sizes["app"]["log_retention_days"] = Decimal(90)
    sizes["platform"]["log_retention_days"] = Decimal(60)
    bill = make_bill("dev", sizes, prices, exposed=False)
    platform = prices.used("dev", "control_plane_log_gb") + prices.used("dev", "platform_log_gb")

    def of(what: str) -> list[tuple[str, Decimal]]:
        return [(item.stack, item.count) for item in bill.items if item.what == what]

    assert of("logs taken in") == [
        ("network", prices.used("dev", "flow_log_gb")),
        ("platform", platform),
        ("app", prices.used("dev", "log_gb")),
    ]
    assert of("logs kept") == [
        ("network", prices.used("dev", "flow_log_gb")),
        ("platform", platform * 2),
        ("app", prices.used("dev", "log_gb") * 3),
    ]


def test_an_ingress_brings_a_load_balancer(prices: Prices, sizes: Sizes) -> None:
    bill = make_bill("staging", sizes, prices, exposed=True)
    mine = [item for item in bill.items if item.group == "load balancer"]
    assert {item.what for item in mine} >= {"load balancer", "public IPv4 address", "data to the internet"}
    assert bill.of_group("load balancer") == sum(item.monthly for item in mine)


def test_alarms_and_metrics_are_those_of_the_applications(prices: Prices, sizes: Sizes) -> None:
    found = counts(make_bill("dev", sizes, prices, exposed=False))
    assert (found["alarm"], found["metric of ours"]) == (9, 4)
    sizes["app"]["applications"].append("shop-admin")
    found = counts(make_bill("dev", sizes, prices, exposed=False))
    assert (found["alarm"], found["metric of ours"]) == (10, 6)


def test_the_databases_own_secret_is_paid_beside_those_of_the_table(prices: Prices, sizes: Sizes) -> None:
    assert counts(make_bill("dev", sizes, prices, exposed=False))["secret"] == 2
    sizes["app"]["secrets"] = []
    assert counts(make_bill("dev", sizes, prices, exposed=False))["secret"] == 1


def test_what_is_traced_and_asked_for_is_paid_where_it_is_on(prices: Prices, sizes: Sizes) -> None:
    lines = {"Application Signals", "traces", "secret, questions"}
    assert not lines & counts(make_bill("dev", sizes, prices, exposed=False)).keys()
    for environment in ("staging", "prod"):
        assert lines <= counts(make_bill(environment, sizes, prices, exposed=False)).keys()


def test_images_are_paid_where_the_registry_is(prices: Prices, sizes: Sizes) -> None:
    sizes["app"]["registry"] = False
    assert "images in ECR" not in counts(make_bill("dev", sizes, prices, exposed=False))


def test_an_instance_type_without_a_price_is_named(prices: Prices, sizes: Sizes) -> None:
    sizes["platform"]["on_demand"]["instance_types"] = ["z9.huge"]
    with pytest.raises(ConfigurationError, match=r"no price of z9\.huge"):
        make_bill("dev", sizes, prices, exposed=False)
