"""The bill of one environment: what each stack makes, how much of it, and what that costs in a month."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flaskship.aws.cost.prices import Price, Prices
from flaskship.aws.cost.sizes import Sizes

ZERO = Decimal(0)
NODE_DISK_GIB = 50
"""The default of the module node-group, which no stack changes."""

OF_THE_DATABASE = 1
"""The secret that RDS itself makes for the password, beside those of infra/secrets.yaml."""

ALARMS, OF_AN_API, OF_AN_APPLICATION = 5, 2, 1
"""Those of cluster and database, of each API, and of each application: stacks/app/alarms.tf."""

METRICS = 2
"""Those that are filtered out of the logs of each application: stacks/app/logs.tf."""

DASHBOARDS = 1
"""That of the environment: stacks/app/dashboard.tf."""

LOAD_BALANCER = "load balancer"
DATABASE = "database"
NODES = "nodes"


def cents(amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Return an amount in whole cents."""
    return amount.quantize(Decimal("0.01"), rounding)


@dataclass(frozen=True, slots=True)
class Item:
    """So much of something, in one stack; group says what an application's share is taken of."""

    stack: str
    what: str
    count: Decimal
    price: Price
    group: str = ""

    @property
    def monthly(self) -> Decimal:
        """What it costs in a month, in whole cents: every sum is one of what is printed."""
        return cents(self.count * self.price.monthly)


@dataclass(frozen=True, slots=True)
class Bill:
    """Everything that an environment pays for, and what its nodes offer."""

    environment: str
    items: tuple[Item, ...]
    vcpu: Decimal
    gib: Decimal

    @property
    def total(self) -> Decimal:
        """What the environment costs in a month."""
        return sum((item.monthly for item in self.items), ZERO)

    @property
    def stacks(self) -> dict[str, Decimal]:
        """What each stack costs in a month."""
        found: dict[str, Decimal] = {}
        for item in self.items:
            found[item.stack] = found.get(item.stack, ZERO) + item.monthly
        return found

    def of_group(self, group: str) -> Decimal:
        """What the items of a group cost in a month."""
        return sum((item.monthly for item in self.items if item.group == group), ZERO)


def make_bill(environment: str, sizes: Sizes, prices: Prices, *, exposed: bool) -> Bill:
    """Count what the stacks make; exposed tells whether an Ingress asks for a load balancer."""
    items = (
        *_network(environment, sizes["network"], prices),
        *_platform(environment, sizes["platform"], prices),
        *_app(environment, sizes["app"], prices),
        *(_load_balancer(environment, sizes["network"], prices) if exposed else ()),
    )
    nodes = [prices.price(kind) for kind, count, _ in _groups(sizes["platform"]) for _ in range(count)]
    return Bill(
        environment,
        tuple(item for item in items if item.count),
        sum((node.vcpu or ZERO for node in nodes), ZERO),
        sum((node.gib or ZERO for node in nodes), ZERO),
    )


def _network(environment: str, sizes: Mapping[str, Any], prices: Prices) -> Iterator[Item]:
    zones = Decimal(len(sizes["zones"]))
    gateways = zones if sizes["nat_per_zone"] else Decimal(1)
    endpoints = Decimal(len(sizes["interface_endpoints"])) * zones
    flow_logs = prices.used(environment, "flow_log_gb")

    def item(what: str, count: Decimal) -> Item:
        return Item("network", what, count, prices.price(what))

    yield item("NAT gateway", gateways)
    yield item("NAT gateway, data", prices.used(environment, "nat_gb"))
    yield item("public IPv4 address", gateways)
    yield item("interface endpoint", endpoints)
    yield item("interface endpoint, data", prices.used(environment, "endpoint_gb") if endpoints else ZERO)
    yield item("key", Decimal(1))
    yield item("logs taken in", flow_logs)
    yield item("logs kept", flow_logs * _months(sizes["flow_log_retention_days"]))


def _groups(sizes: Mapping[str, Any]) -> Iterator[tuple[str, int, bool]]:
    """Each group of nodes: the instance type that it takes first, how many at the beginning, whether spot."""
    for name, spot in (("on_demand", False), ("spot", True)):
        yield sizes[name]["instance_types"][0], int(sizes[name]["size"]["desired"]), spot


def _platform(environment: str, sizes: Mapping[str, Any], prices: Prices) -> Iterator[Item]:
    yield Item("platform", "EKS cluster", Decimal(1), prices.price("EKS cluster"))
    nodes = 0
    for kind, count, spot in _groups(sizes):
        price = prices.price(kind)
        if spot:
            price = Price(price.usd * prices.spot_share, price.per, price.vcpu, price.gib)
        yield Item("platform", f"{kind}, spot" if spot else kind, Decimal(count), price, NODES)
        nodes += count
    yield Item("platform", "disk gp3", Decimal(nodes * NODE_DISK_GIB), prices.price("disk gp3"), NODES)
    yield Item("platform", "key", Decimal(1), prices.price("key"))
    insights = "Container Insights, observations"
    yield Item("platform", insights, prices.used(environment, "insight_millions"), prices.price(insights))
    logs = prices.used(environment, "control_plane_log_gb") + prices.used(environment, "platform_log_gb")
    yield Item("platform", "logs taken in", logs, prices.price("logs taken in"))
    kept = logs * _months(sizes["log_retention_days"])
    yield Item("platform", "logs kept", kept, prices.price("logs kept"))


def _app(environment: str, sizes: Mapping[str, Any], prices: Prices) -> Iterator[Item]:
    database = sizes["database"]
    machines = Decimal(2 if database["multi_az"] else 1)
    logs = prices.used(environment, "log_gb")

    def item(what: str, count: Decimal, group: str = "") -> Item:
        return Item("app", what, count, prices.price(what), group)

    yield item(database["instance_class"], machines, DATABASE)
    yield item("database disk gp3", database["storage_gib"]["initial"] * machines, DATABASE)
    # The database's and that of the alarms' topic.
    yield item("key", Decimal(2))
    yield item("secret", Decimal(len(sizes["secrets"]) + OF_THE_DATABASE))
    yield item("secret, questions", prices.used(environment, "question_millions"))
    yield item("logs taken in", logs)
    yield item("logs kept", logs * _months(sizes["log_retention_days"]))
    apis = sum(name.endswith("-api") for name in sizes["applications"])
    yield item("alarm", Decimal(ALARMS + OF_AN_API * apis + OF_AN_APPLICATION * len(sizes["applications"])))
    yield item("metric of ours", Decimal(METRICS * len(sizes["applications"])))
    yield item("dashboard", Decimal(DASHBOARDS))
    yield item("Application Signals", prices.used(environment, "signal_millions"))
    yield item("traces", prices.used(environment, "trace_millions"))
    yield item("objects in S3", prices.used(environment, "bucket_gb"))
    yield item("images in ECR", prices.used(environment, "image_gb") if sizes["registry"] else ZERO)


def _load_balancer(environment: str, network: Mapping[str, Any], prices: Prices) -> Iterator[Item]:
    """What the controller makes for the Ingress: one, with an address in each zone."""

    def item(what: str, count: Decimal) -> Item:
        return Item("app", what, count, prices.price(what), LOAD_BALANCER)

    yield item("load balancer", Decimal(1))
    yield item("load balancer, capacity unit", prices.used(environment, "capacity_units"))
    yield item("public IPv4 address", Decimal(len(network["zones"])))
    yield item("data to the internet", prices.used(environment, "internet_gb"))


def _months(days: Decimal) -> Decimal:
    """For how many months of use are kept at once."""
    return days / 30
