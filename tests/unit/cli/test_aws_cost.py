"""flaskship aws cost: what it prints, as text and as JSON of the schema."""

import os
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.contract.world import API, WORKER, Stage
from tests.unit.aws.stacks import lay_out
from tests.unit.cli.conftest import Terminal

from flaskship.cli import aws_cost


@pytest.fixture(autouse=True)
def stacks(stage: Stage) -> None:
    lay_out(stage.project.root, "dev", "staging")


def test_all_environments_side_by_side(terminal: Terminal) -> None:
    printed = terminal("aws", "cost")
    assert printed.code == 0
    lines = printed.out.splitlines()
    assert lines[0].split() == ["STACK", "DEV", "STAGING"]
    assert [line.split()[0] for line in lines[1:5]] == ["network", "platform", "app", "together"]
    assert any(line.startswith(API) for line in lines)
    assert "a month in us-west-2; infra/prices.toml, of 2026-11-26: AWS's public on-demand" in printed.out
    # What is proven of the prices, and what is not.
    assert "held against a second source: 36 of 36" in printed.out
    assert "only written down by a person" not in printed.out
    assert "nor the logs of the control plane" not in printed.out


def test_a_price_that_nothing_proves_is_named(terminal: Terminal, stage: Stage) -> None:
    file = stage.project.root / "infra" / "prices.toml"
    file.write_text(file.read_text().replace('compared = "xray"\n', ""))
    printed = terminal("aws", "cost", "--env", "dev")
    assert "held against a second source: 35 of 36" in printed.out
    assert "only written down by a person: traces" in printed.out


def test_one_environment_item_by_item_beside_the_one_before_it(terminal: Terminal) -> None:
    printed = terminal("aws", "cost", "--env", "staging")
    assert printed.out.startswith("staging  ")
    assert "NAT gateway" in printed.out
    assert "0.045/hour" in printed.out
    assert "beside dev:" in printed.out


def test_the_document_adds_up(terminal: Terminal) -> None:
    document = terminal("aws", "cost", "--env", "staging", "-o", "json").document
    assert document["kind"] == "AwsCost"
    (one,) = document["environments"]
    total = Decimal(one["total"])
    assert sum(Decimal(cost) for cost in one["stacks"].values()) == total
    for stack, cost in one["stacks"].items():
        items = [Decimal(item["monthly"]) for item in one["items"] if item["stack"] == stack]
        assert sum(items) == Decimal(cost)
    parts = [Decimal(part["total"]) for part in one["applications"]]
    assert sum(parts) + Decimal(one["shared"]) == total
    for part in one["applications"]:
        each = sum(Decimal(part[name]) for name in ("nodes", "database", "load_balancer"))
        assert each == Decimal(part["total"])
    for line in document["difference"]:
        assert Decimal(line["before"]) + Decimal(line["more"]) == Decimal(line["after"])
    assert [part["name"] for part in one["applications"]] == [API, WORKER]
    assert document["against"] == "dev"
    assert {line["name"] for line in document["difference"]} >= {"network", "platform", "app", API, "shared"}


def test_another_one_to_compare_with(terminal: Terminal) -> None:
    document = terminal("aws", "cost", "--env", "dev", "--against", "staging", "-o", "json").document
    assert document["against"] == "staging"
    assert all(Decimal(line["after"]) <= Decimal(line["before"]) for line in document["difference"])
    assert terminal("aws", "cost", "--against", "dev").code == 2


def test_a_missing_price_is_the_users_to_write(terminal: Terminal, stage: Stage) -> None:
    file = stage.project.root / "infra" / "prices.toml"
    file.write_text(file.read_text().replace('[price."t3.large"]', '[price."t9.large"]'))
    document = terminal("aws", "cost", "--env", "dev", "-o", "json").document
    assert document["kind"] == "AwsCost"
    assert document["error"]["message"] == "there is no price of t3.large"
    assert document["error"]["location"]["file"].endswith("infra/prices.toml")


def test_what_aws_says(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    class CostExplorer:
        """In place of boto3's client, whose requests test_actual.py checks."""

        def get_cost_and_usage(self, **request: Any) -> dict[str, Any]:
            name = request["Filter"]["Tags"]["Values"][0]
            amount = {"Amount": {"dev": "12.5", "staging": "80"}[name], "Unit": "USD"}
            group = {"Keys": ["Stack$network"], "Metrics": {"UnblendedCost": amount}}
            assert date.fromisoformat(request["TimePeriod"]["End"]).day == 1
            return {"ResultsByTime": [{"Groups": [group]}]}

    monkeypatch.setattr(aws_cost, "open_cost_explorer", CostExplorer)
    document = terminal("aws", "cost", "--actual", "-o", "json").document
    assert [(one["environment"], one["total"]) for one in document["actual"]] == [
        ("dev", "12.50"),
        ("staging", "80.00"),
    ]
    assert "network  12.50" in terminal("aws", "cost", "--actual", "--env", "dev").out


def test_nobody_is_signed_in_is_a_preflight(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed: make bootstrap-dev")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    document = terminal("aws", "cost", "--actual", "--env", "dev", "-o", "json").document
    assert (document["error"]["code"], document["error"]["exit_code"]) == ("PreflightFailed", 4)
    assert "aws sso login" in document["error"]["hint"]
    printed = terminal("aws", "cost", "--actual", "--env", "dev")
    assert printed.code == 4
    assert "Traceback" not in printed.err
