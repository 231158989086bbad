import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from flaskship.aws.cost.actual import CostExplorerError, month_until, open_cost_explorer, read_actual
from flaskship.model.errors import PreflightError

BEGIN, END = date(2026, 10, 1), date(2026, 11, 1)


def group(key: str, amount: str) -> dict[str, Any]:
    return {"Keys": [key], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's own client with botocore's stub in place of the network: it checks each request and answer."""
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: make bootstrap-dev")
    from botocore.stub import Stubber

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = boto3.client("ce", region_name="us-east-1")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def request(**more: str) -> dict[str, Any]:
    return {
        "TimePeriod": {"Start": "2026-10-01", "End": "2026-11-01"},
        "Granularity": "MONTHLY",
        "Metrics": ["UnblendedCost"],
        "Filter": {"Tags": {"Key": "Environment", "Values": ["prod"], "MatchOptions": ["EQUALS"]}},
        "GroupBy": [{"Type": "TAG", "Key": "Stack"}],
        **more,
    }


def test_the_environments_tag_is_asked_for_by_the_tag_of_the_stack(stubbed: Any) -> None:
    client, stub = stubbed
    groups = [group("Stack$platform", "644.10"), group("Stack$network", "199.2"), group("Stack$", "0.5")]
    stub.add_response("get_cost_and_usage", {"ResultsByTime": [{"Groups": groups}]}, request())
    found = read_actual(client, "prod", BEGIN, END)
    assert found.stacks == {
        "(without the tag)": Decimal("0.5"),
        "network": Decimal("199.2"),
        "platform": Decimal("644.10"),
    }
    assert (found.total, found.currency) == (Decimal("843.80"), "USD")


def test_every_page_is_read_and_equal_stacks_are_added(stubbed: Any) -> None:
    client, stub = stubbed
    first = {"ResultsByTime": [{"Groups": [group("Stack$app", "1.5")]}], "NextPageToken": "more"}
    stub.add_response("get_cost_and_usage", first, request())
    second = {"ResultsByTime": [{"Groups": [group("Stack$app", "2.5")]}]}
    stub.add_response("get_cost_and_usage", second, request(NextPageToken="more"))
    assert read_actual(client, "prod", BEGIN, END).stacks == {"app": Decimal("4.0")}


def test_a_refusal_says_which_right_is_wanted(stubbed: Any) -> None:
    client, stub = stubbed
    stub.add_client_error("get_cost_and_usage", "AccessDeniedException", "no")
    with pytest.raises(CostExplorerError, match="AccessDeniedException") as caught:
        read_actual(client, "prod", BEGIN, END)
    assert caught.value.hint
    assert "ce:GetCostAndUsage" in caught.value.hint


def test_an_error_of_ours_stays_one() -> None:
    class Broken:
        def get_cost_and_usage(self, **_: Any) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_actual(Broken(), "prod", BEGIN, END)


@pytest.mark.parametrize(
    ("today", "begin", "end"),
    [
        (date(2026, 11, 26), date(2026, 10, 1), date(2026, 11, 1)),
        (date(2026, 1, 1), date(2025, 12, 1), date(2026, 1, 1)),
        (date(2028, 3, 31), date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_the_last_whole_month(today: date, begin: date, end: date) -> None:
    assert month_until(today) == (begin, end)


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(PreflightError, match="boto3 is not installed") as caught:
        open_cost_explorer()
    assert caught.value.hint
    assert "flaskship[aws]" in caught.value.hint
