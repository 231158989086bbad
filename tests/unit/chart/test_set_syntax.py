from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.chart.set_syntax import assign, parse_path, parse_sets
from flaskship.model.errors import ConfigurationError


def result(*expressions: str, start: dict[str, Any] | None = None) -> dict[str, Any]:
    values = dict(start or {})
    for assignment in parse_sets(expressions):
        assign(values, assignment)
    return values


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a=1", {"a": 1}),
        ("a=", {"a": ""}),
        ("a=TRUE,b=false,c=null", {"a": True, "b": False, "c": None}),
        ("a=01", {"a": "01"}),
        ("a=-5", {"a": -5}),
        ("a=1.5", {"a": "1.5"}),
        ("a=9223372036854775808", {"a": "9223372036854775808"}),
        ("a.b.c=x", {"a": {"b": {"c": "x"}}}),
        ("a\\.b=x", {"a.b": "x"}),
        ("a=x\\,y", {"a": "x,y"}),
        ("a=b=c", {"a": "b=c"}),
        ("a={x,2,true}", {"a": ["x", 2, True]}),
        ("a={}", {"a": [""]}),
        ("a={x},b=1", {"a": ["x"], "b": 1}),
        ("a[1]=x", {"a": [None, "x"]}),
        ("a[0].b=1", {"a": [{"b": 1}]}),
        ("a[0][1]=1", {"a": [[None, 1]]}),
        (
            "applications.my-tomorrows-api.command={/bin/false}",
            {"applications": {"my-tomorrows-api": {"command": ["/bin/false"]}}},
        ),
    ],
)
def test_helms_language(expression: str, expected: dict[str, Any]) -> None:
    assert result(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "", "a", "a,b=1", ".a=1", "=1", "a.=1", "a..b=1", "a[x]=1", "a[-1]=1", "a[0]b=1", "a={x", "a={x}y",
        "a=1,,b=2", "a[99999999]=1", "a[0=1", "." .join("a" * 40) + "=1", "a[²]=1",
    ],
)  # fmt: skip
def test_nonsense_is_quoted_back(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="--set") as caught:
        parse_sets([expression])
    assert expression[:20] in caught.value.message
    assert caught.value.exit_code == 2


def test_later_assignments_win_and_maps_merge() -> None:
    assert result("a.b=1", "a.c=2", "a.b=3") == {"a": {"b": 3, "c": 2}}


def test_an_index_changes_one_element_of_a_present_list() -> None:
    assert result("a[1]=z", start={"a": ["x", "y"]}) == {"a": ["x", "z"]}


@pytest.mark.parametrize("expression", ["a.b=1", "a[0]=1", "a[0].b=1"])
def test_nothing_is_set_below_a_text(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="a holds no"):
        result(expression, start={"a": "text"})


def test_null_makes_room_for_a_map() -> None:
    assert result("a=null,a.b=1") == {"a": {"b": 1}}


def test_paths_use_the_same_escapes() -> None:
    assert parse_path("a.b\\.c[2].d") == ("a", "b.c", 2, "d")


def test_a_long_expression_is_shortened_in_the_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_sets(["x" * 5000])
    assert len(caught.value.message) < 300 or "x" * 5000 not in caught.value.message


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        values = result(text)
    except ConfigurationError as error:
        values = {"refused": error.message}
    assert values


@pytest.mark.parametrize("text", ["", " ", "."])
def test_an_empty_path_is_called_that(text: str) -> None:
    with pytest.raises(ConfigurationError, match="the path is empty") as refused:
        parse_path(text)
    assert refused.value.hint == "name a value: applications.NAME.replicas"


@pytest.mark.parametrize(
    "text", ["env.DB_PASSWORD=hunter2,x", "secrets.generated.a=hunter2,x", "env.U=x://me:hunter2@b,x"]
)
def test_a_refusal_tells_no_secret(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_sets([text])
    assert "hunter2" not in str(caught.value)
