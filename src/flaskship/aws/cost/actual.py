"""What AWS itself says that an environment cost: Cost Explorer, by the tags that every stack gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from flaskship.aws.cost.bill import cents
from flaskship.model.errors import FlaskshipError, PreflightError

BY_STACK = "Stack"
BY_ENVIRONMENT = "Environment"
UNTAGGED = "(without the tag)"
SIGN_IN = (
    "sign in first (aws sso login, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY;"
    " aws sts get-caller-identity tells whether it worked), or leave --actual out for the estimate"
)
REACH = "look whether this machine reaches AWS (a proxy?), or leave --actual out for the estimate"
NOBODY = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)
"""What AWS answers to credentials that are none (any more), whatever they would be allowed to do."""


class CostExplorer(Protocol):
    """The one call of boto3's client that is used."""

    def get_cost_and_usage(self, **request: Any) -> Mapping[str, Any]:
        """Return one page."""


class CostExplorerError(FlaskshipError):
    """AWS refused to say what it cost, or could not be asked."""

    code = "CostExplorerFailed"


@dataclass(frozen=True, slots=True)
class Actual:
    """What each stack of an environment cost from one day to another, which is not counted."""

    environment: str
    begin: date
    end: date
    currency: str
    stacks: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """What they cost together."""
        return sum(self.stacks.values(), Decimal(0))


def open_cost_explorer() -> CostExplorer:
    """Return boto3's client; PreflightError where the optional part is not installed."""
    try:
        import boto3
    except ImportError:
        hint = "pip install 'flaskship[aws]', or leave --actual out for the estimate"
        raise PreflightError("boto3 is not installed, which asks AWS", hint=hint) from None
    from botocore.exceptions import BotoCoreError

    try:
        # A session of its own: boto3's default one remembers who was signed in at its first question.
        client: CostExplorer = boto3.session.Session().client("ce", region_name="us-east-1")
    except BotoCoreError as error:
        # A profile that is not there, a configuration file that cannot be read.
        raise PreflightError(f"AWS cannot be asked: {error}", hint=SIGN_IN) from None
    return client


def month_until(today: date) -> tuple[date, date]:
    """Return the last whole month before today, as Cost Explorer counts: the end is not in it."""
    end = today.replace(day=1)
    begin = end.replace(year=end.year - 1, month=12) if end.month == 1 else end.replace(month=end.month - 1)
    return begin, end


def read_actual(client: CostExplorer, environment: str, begin: date, end: date) -> Actual:
    """Ask for the cost of an environment's tag, by the tag of the stack, page by page."""
    request: dict[str, Any] = {
        "TimePeriod": {"Start": begin.isoformat(), "End": end.isoformat()},
        "Granularity": "MONTHLY",
        "Metrics": ["UnblendedCost"],
        "Filter": {"Tags": {"Key": BY_ENVIRONMENT, "Values": [environment], "MatchOptions": ["EQUALS"]}},
        "GroupBy": [{"Type": "TAG", "Key": BY_STACK}],
    }
    stacks: dict[str, Decimal] = {}
    currency = "USD"
    while True:
        page = _asked(client, request)
        for period in page.get("ResultsByTime", ()):
            for group in period.get("Groups", ()):
                # AWS answers with the tag's name before its value: Stack$network.
                name = group["Keys"][0].partition("$")[2] or UNTAGGED
                amount = group["Metrics"]["UnblendedCost"]
                currency = amount["Unit"]
                stacks[name] = stacks.get(name, Decimal(0)) + Decimal(amount["Amount"])
        if not page.get("NextPageToken"):
            break
        request["NextPageToken"] = page["NextPageToken"]
    # In whole cents, so that the total is the sum of what is printed.
    return Actual(environment, begin, end, currency, {name: cents(stacks[name]) for name in sorted(stacks)})


def _asked(client: CostExplorer, request: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return client.get_cost_and_usage(**request)
    except Exception as error:
        # boto3 makes the classes of its errors when it runs; its names say what they are.
        if type(error).__module__.partition(".")[0] not in ("botocore", "boto3"):
            raise
        raise _told(error) from None


def _told(error: Exception) -> FlaskshipError:
    """Say who has to do something: whoever signs in, whoever keeps the network, or whoever gives rights."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

    if isinstance(error, (ConnectionError, HTTPClientError)):
        return PreflightError(f"Cost Explorer cannot be reached: {error}", hint=REACH)
    # Without an answer of AWS: credentials that are not there, incomplete, or that nobody could fetch.
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if isinstance(error, BotoCoreError) or code in NOBODY:
        return PreflightError(f"AWS does not know who asks: {error}", hint=SIGN_IN)
    hint = "who asks wants ce:GetCostAndUsage, and the tags must be activated for cost allocation"
    return CostExplorerError(f"Cost Explorer: {error}", hint=hint)
