import os
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
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


@pytest.mark.parametrize(
    "code",
    ["ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken"],
)
def test_credentials_that_are_none_any_more_ask_to_sign_in(stubbed: Any, code: str) -> None:
    client, stub = stubbed
    stub.add_client_error("get_cost_and_usage", code, "the security token is expired")
    with pytest.raises(PreflightError, match=code) as caught:
        read_actual(client, "prod", BEGIN, END)
    assert caught.value.exit_code == 4
    assert "aws sso login" in (caught.value.hint or "")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which nobody is signed in: boto3's own chain of credentials finds nothing."""
    pytest.importorskip("boto3", reason="boto3 is not installed: make bootstrap-dev")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Whatever would be asked all the same is asked of this machine, where nobody listens.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    return tmp_path


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Unable to locate credentials"),
        ({"AWS_ACCESS_KEY_ID": "testing"}, "Partial credentials"),
        ({"AWS_PROFILE": "nobody"}, "profile.*nobody"),
    ],
)
def test_nobody_is_signed_in(
    alone: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(PreflightError, match=says) as caught:
        read_actual(open_cost_explorer(), "prod", BEGIN, END)
    assert caught.value.exit_code == 4
    for way in ("aws sso login", "AWS_PROFILE", "leave --actual out"):
        assert way in (caught.value.hint or "")


def test_an_sso_session_that_ended_asks_to_sign_in(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = alone / "config"
    file.write_text(
        "[default]\nsso_session = team\nsso_account_id = 123456789012\nsso_role_name = reader\n"
        "[sso-session team]\nsso_region = us-west-2\nsso_start_url = https://team.awsapps.com/start\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("HOME", str(alone))
    with pytest.raises(PreflightError, match="AWS does not know who asks") as caught:
        read_actual(open_cost_explorer(), "prod", BEGIN, END)
    assert "aws sso login" in (caught.value.hint or "")


def test_an_aws_that_does_not_answer_is_told_apart(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with pytest.raises(PreflightError, match="cannot be reached") as caught:
        read_actual(open_cost_explorer(), "prod", BEGIN, END)
    assert caught.value.exit_code == 4
    assert "reaches AWS" in (caught.value.hint or "")
