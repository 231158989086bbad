import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.images.expansion import ExpansionError, expand, split_words

KNOWN = {"A": "1", "EMPTY": "", "TWO": "x y", "PATH": "/bin"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A", "1"),
        ("${A}b", "1b"),
        ("$Ab", ""),
        ("${NO}", ""),
        ("${NO:-w}", "w"),
        ("${EMPTY:-w}", "w"),
        ("${EMPTY-w}", ""),
        ("${NO-w}", "w"),
        ("${A:+w}", "w"),
        ("${EMPTY:+w}", ""),
        ("${EMPTY+w}", "w"),
        ("${NO:-${A}}", "1"),
        ("${NO:-${NEITHER:-deep}}", "deep"),
        ("/srv/bin:$PATH", "/srv/bin:/bin"),
        (r"\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A"', "1"),
        ('"a\\"b"', 'a"b'),
        ("a$", "a$"),
        ("$(date)", "$(date)"),
        ("a  b", "a  b"),
    ],
)
def test_variables_and_quotes(text: str, value: str) -> None:
    assert expand(text, KNOWN) == value


def test_a_blank_that_a_variable_brings_does_not_split() -> None:
    assert split_words("a $TWO  'b c' \"\" d\\ e", KNOWN) == ("a", "x y", "b c", "", "d e")


def test_with_the_other_escape_a_backslash_is_itself() -> None:
    assert expand("c:\\dir `$A", KNOWN, "`") == "c:\\dir $A"


@pytest.mark.parametrize("text", ["'open", '"open', "${A", "${A:-${B}", "${A#x}", "${A/x/y}", "${}"])
def test_what_is_not_closed_or_not_supported_is_said(text: str) -> None:
    with pytest.raises(ExpansionError):
        expand(text, KNOWN)


def test_a_demanded_variable_says_its_message() -> None:
    with pytest.raises(ExpansionError, match="NO: give it"):
        expand("${NO:?give it}", KNOWN)


@given(st.text())
def test_any_text_is_a_value_or_an_expansion_error(text: str) -> None:
    try:
        words = split_words(text, KNOWN)
    except ExpansionError:
        return
    assert "".join(words).replace(" ", "") == expand(text, KNOWN).replace(" ", "").replace("\t", "")


@given(st.lists(st.text("abc/._-=:", min_size=1), max_size=5))
def test_plain_words_are_left_alone(words: list[str]) -> None:
    assert split_words(" ".join(words), {}) == tuple(words)
