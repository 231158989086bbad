"""Label selectors with their expressions."""

from collections.abc import Mapping

from flaskship.policy.node import Node
from flaskship.policy.objects import matches


def selects(selector: Node, labels: Mapping[str, str]) -> bool:
    """Whether a label selector picks these labels; an empty one picks all."""
    return matches(selector.at("matchLabels").labels, labels) and all(
        _expression(one, labels) for one in selector.at("matchExpressions").items()
    )


def _expression(one: Node, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(one.at("key").text or ""), one.at("values").texts
    match one.at("operator").text:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
