"""Quantities of Kubernetes, exactly."""

import re
from decimal import Decimal

from flaskship.policy.node import Node

_FORM = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40}))"
    r"(?P<unit>[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?"
)
_POWERS = (-3, -2, -1, 1, 2, 3, 4, 5, 6)
_UNITS = {
    **{unit: Decimal(1000) ** power for power, unit in zip(_POWERS, "numkMGTPE", strict=True)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}


def quantity(node: Node) -> Decimal | None:
    """The amount that stands at a node, None where none does."""
    if isinstance(node.content, bool) or not isinstance(node.content, str | int | float):
        return None
    return amount_of(str(node.content))


def amount_of(text: str) -> Decimal | None:
    """The amount that a text says, None where it says none."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    unit = found["unit"] or ""
    scale = _UNITS[unit] if unit in _UNITS else Decimal(f"1{unit}") if unit else Decimal(1)
    return Decimal(found["number"]) * scale
