from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flaskship.aws.cost.prices import Prices, load_prices

PRICES = Path(__file__).resolve().parents[4] / "infra" / "prices.toml"


@pytest.fixture(scope="session")
def prices() -> Prices:
    return load_prices(PRICES)


@pytest.fixture
def sizes() -> dict[str, dict[str, Any]]:
    """A small environment: one gateway, one node, one database."""
    return {
        "network": {
            "zones": ["a", "b"],
            "nat_per_zone": False,
            "interface_endpoints": [],
            "flow_log_retention_days": Decimal(30),
        },
        "platform": {
            "on_demand": {"instance_types": ["m6i.large"], "size": {"desired": Decimal(1)}},
            "spot": {"instance_types": ["m6i.large", "m5.large"], "size": {"desired": Decimal(0)}},
            "log_retention_days": Decimal(30),
        },
        "app": {
            "database": {
                "instance_class": "db.t4g.micro",
                "storage_gib": {"initial": Decimal(20)},
                "multi_az": False,
            },
            "applications": ["shop-api", "shop-worker"],
            "log_retention_days": Decimal(30),
            "registry": True,
            "secrets": ["shop/dev/api"],
        },
    }
