"""$(VAR) as Kubernetes documents it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskship.engines.local.resolve.expansion import expand

VALUES = {"A": "1", "B": "$(A)", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$(A)", "1"),
        ("x$(A)y$(A)", "x1y1"),
        ("$(EMPTY)", ""),
        ("$(B)", "$(A)"),
        ("$(NOPE)", "$(NOPE)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$(A)", "$$(A)"),
        ("$$", "$"),
        ("$", "$"),
        ("$A", "$A"),
        ("${A}", "${A}"),
        ("$(A", "$(A"),
        ("$()", "$()"),
        ("$($(A))", "$($(A))"),
        ("$(A)$", "1$"),
        ("a$b$(A)", "a$b1"),
    ],
)
def test_expansion(text, expected):
    assert expand(text, VALUES) == expected


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="ab()x", max_size=30))
def test_text_without_a_dollar_stays(text):
    assert expand(text, VALUES) == text


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20))
def test_a_doubled_dollar_is_always_an_escape(text):
    assert expand(text.replace("$", "$$"), VALUES) == text
