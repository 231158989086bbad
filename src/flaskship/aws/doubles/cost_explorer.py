"""Monitors of unusual cost and their subscriptions."""

import uuid
from typing import Any

from flaskship.aws.doubles.call import ACCOUNT, Answer, Call, Route, missing, refused

OF_SERVICES = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/0d0e0fa0-0000-4000-8000-000000000001"


class CostExplorer:
    """Anomaly monitors and subscriptions by ARN, in an organization's member account as AWS makes it."""

    def __init__(self) -> None:
        # AWS makes it with the account.
        self.monitors: dict[str, dict[str, Any]] = {
            OF_SERVICES: {
                "MonitorArn": OF_SERVICES,
                "MonitorName": "Default-Services-Monitor",
                "MonitorType": "DIMENSIONAL",
                "MonitorDimension": "SERVICE",
            }
        }
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, list[object]] = {}

    def routes(self) -> list[Route]:
        """Return the calls that are answered here."""
        named = [
            ("CreateAnomalyMonitor", self.create_monitor),
            ("GetAnomalyMonitors", self.get_monitors),
            ("DeleteAnomalyMonitor", self.delete_monitor),
            ("CreateAnomalySubscription", self.create_subscription),
            ("GetAnomalySubscriptions", self.get_subscriptions),
            ("DeleteAnomalySubscription", self.delete_subscription),
            ("ListTagsForResource", self.list_tags),
        ]
        return [Route("ce", name, handler) for name, handler in named]

    def create_monitor(self, call: Call) -> Answer:
        """CreateAnomalyMonitor."""
        wanted = call.body["AnomalyMonitor"]
        if wanted["MonitorType"] == "DIMENSIONAL":
            dimensions = {one.get("MonitorDimension") for one in self.monitors.values()}
            if wanted.get("MonitorDimension") in dimensions:
                return refused("Limit exceeded on dimensional spend monitor creation")
        else:
            return refused("a member account of an organization makes no monitor of its own kind")
        arn = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/{uuid.uuid4()}"
        self.monitors[arn] = {**call.body["AnomalyMonitor"], "MonitorArn": arn}
        self.tags[arn] = call.body.get("ResourceTags", [])
        return Answer({"MonitorArn": arn})

    def get_monitors(self, call: Call) -> Answer:
        """GetAnomalyMonitors."""
        return _found(self.monitors, call.body.get("MonitorArnList"), "AnomalyMonitors", "UnknownMonitor")

    def delete_monitor(self, call: Call) -> Answer:
        """DeleteAnomalyMonitor."""
        gone = self.monitors.pop(call.body["MonitorArn"], None)
        return Answer() if gone else missing("UnknownMonitorException")

    def create_subscription(self, call: Call) -> Answer:
        """CreateAnomalySubscription."""
        arn = f"arn:aws:ce::{ACCOUNT}:anomalysubscription/{uuid.uuid4()}"
        wanted = call.body["AnomalySubscription"]
        subscribers = [{"Status": "CONFIRMED", **one} for one in wanted["Subscribers"]]
        self.subscriptions[arn] = {
            **wanted,
            "Subscribers": subscribers,
            "SubscriptionArn": arn,
            "AccountId": ACCOUNT,
        }
        self.tags[arn] = call.body.get("ResourceTags", [])
        return Answer({"SubscriptionArn": arn})

    def get_subscriptions(self, call: Call) -> Answer:
        """GetAnomalySubscriptions."""
        return _found(
            self.subscriptions,
            call.body.get("SubscriptionArnList"),
            "AnomalySubscriptions",
            "UnknownSubscription",
        )

    def delete_subscription(self, call: Call) -> Answer:
        """DeleteAnomalySubscription."""
        gone = self.subscriptions.pop(call.body["SubscriptionArn"], None)
        return Answer() if gone else missing("UnknownSubscriptionException")

    def list_tags(self, call: Call) -> Answer:
        """ListTagsForResource."""
        return Answer({"ResourceTags": self.tags.get(call.body["ResourceArn"], [])})


def _found(known: dict[str, dict[str, Any]], wanted: list[str] | None, name: str, unknown: str) -> Answer:
    if wanted and any(arn not in known for arn in wanted):
        return missing(f"{unknown}Exception")
    return Answer({name: [known[arn] for arn in (wanted or known)]})
