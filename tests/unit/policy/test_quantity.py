"""Quantities, compared as Kubernetes compares them."""

from decimal import Decimal

import pytest

from flaskship.policy.node import Node
from flaskship.policy.quantity import quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("100m", "0.1"),
        (0.1, "0.1"),
        (2, "2"),
        ("1Gi", "1073741824"),
        ("1G", "1000000000"),
        ("1.5Ki", "1536"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1E", "1000000000000000000"),
        ("1E2", "100"),
        ("+1", "1"),
    ],
)
def test_an_amount_is_exact(text: object, amount: str) -> None:
    assert quantity(Node(text)) == Decimal(amount)


@pytest.mark.parametrize("text", [None, True, "", "much", "1 Gi", "1gi", "1e999", [], {}])
def test_what_is_no_amount_is_none(text: object) -> None:
    assert quantity(Node(text)) is None
