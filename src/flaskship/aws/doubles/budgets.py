"""Subscribers of a budget's notifications, and its tags: moto keeps the budget itself."""

import json
from typing import Any

from flaskship.aws.doubles.call import ACCOUNT, Answer, Call, Route, missing


class Budgets:
    """Subscribers by budget and notification, tags by budget, learned as they pass by."""

    def __init__(self) -> None:
        self.subscribers: dict[tuple[str, str], list[object]] = {}
        self.tags: dict[str, list[object]] = {}

    def routes(self) -> list[Route]:
        """Return the calls that are answered here."""
        return [
            Route("budgets", "DescribeSubscribersForNotification", self.describe_subscribers),
            Route("budgets", "ListTagsForResource", self.list_tags),
        ]

    def completed(self, call: Call, document: dict[str, Any]) -> dict[str, Any]:
        """Learn from what moto was told; its answer stays."""
        if call.target.endswith(".CreateBudget"):
            name = call.body["Budget"]["BudgetName"]
            self.tags[f"arn:aws:budgets::{ACCOUNT}:budget/{name}"] = call.body.get("ResourceTags") or []
            for one in call.body.get("NotificationsWithSubscribers") or []:
                self.subscribers[name, _key(one["Notification"])] = one["Subscribers"]
        elif call.target.endswith(".CreateNotification"):
            key = (call.body["BudgetName"], _key(call.body["Notification"]))
            self.subscribers[key] = call.body["Subscribers"]
        return document

    def describe_subscribers(self, call: Call) -> Answer:
        """DescribeSubscribersForNotification."""
        found = self.subscribers.get((call.body["BudgetName"], _key(call.body["Notification"])))
        return Answer({"Subscribers": found}) if found else missing("NotFoundException")

    def list_tags(self, call: Call) -> Answer:
        """ListTagsForResource."""
        return Answer({"ResourceTags": self.tags.get(call.body["ResourceARN"], [])})


def _key(notification: dict[str, Any]) -> str:
    # AWS tells the state of a notification beside what it is.
    told = {key: value for key, value in notification.items() if key != "NotificationState"}
    told["Threshold"] = float(told["Threshold"])
    return json.dumps(told, sort_keys=True)
