"""Standards and settings of Security Hub."""

from typing import Any
from urllib.parse import unquote

from flaskship.aws.doubles.call import ACCOUNT, Answer, Call, Route


class SecurityHub:
    """Subscriptions to standards by ARN, and the settings of the hub."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, dict[str, object]] = {}
        self.settings: dict[str, object] = {"ControlFindingGenerator": "SECURITY_CONTROL"}

    def routes(self) -> list[Route]:
        """Return the calls that are answered here."""
        rest = [
            ("BatchEnableStandards", "/standards/register", self.enable),
            ("GetEnabledStandards", "/standards/get", self.enabled),
            ("BatchDisableStandards", "/standards/deregister", self.disable),
        ]
        routes = [Route("securityhub", name, handler, "POST", path) for name, path, handler in rest]
        update = Route("securityhub", "UpdateSecurityHubConfiguration", self.update, "PATCH", "/accounts")
        return [*routes, update]

    def completed(self, call: Call, document: dict[str, Any]) -> dict[str, Any]:
        """Add the settings to what moto tells of the hub."""
        return document | self.settings if (call.method, call.path) == ("GET", "/accounts") else document

    def update(self, call: Call) -> Answer:
        """UpdateSecurityHubConfiguration."""
        self.settings |= call.body
        return Answer()

    def enable(self, call: Call) -> Answer:
        """BatchEnableStandards."""
        made = []
        for request in call.body["StandardsSubscriptionRequests"]:
            standard = unquote(request["StandardsArn"])
            name = standard.split("standards/", 1)[1]
            arn = f"arn:aws:securityhub:{call.region}:{ACCOUNT}:subscription/{name}"
            self.subscriptions[arn] = {
                "StandardsSubscriptionArn": arn,
                "StandardsArn": standard,
                "StandardsInput": {},
                "StandardsStatus": "READY",
            }
            made.append(self.subscriptions[arn])
        return Answer({"StandardsSubscriptions": made})

    def enabled(self, call: Call) -> Answer:
        """GetEnabledStandards."""
        wanted = call.body.get("StandardsSubscriptionArns") or list(self.subscriptions)
        return Answer(
            {"StandardsSubscriptions": [self.subscriptions[a] for a in wanted if a in self.subscriptions]}
        )

    def disable(self, call: Call) -> Answer:
        """BatchDisableStandards."""
        gone = [self.subscriptions.pop(arn, None) for arn in call.body["StandardsSubscriptionArns"]]
        return Answer(
            {"StandardsSubscriptions": [{**one, "StandardsStatus": "DELETING"} for one in gone if one]}
        )
