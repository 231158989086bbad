from collections.abc import Iterator

from flaskship.chart.spelling import LONGEST, nearest


def test_a_slip_is_told_with_the_word_that_was_meant() -> None:
    assert nearest("replcas", ["replicas", "image"]) == "replicas"
    assert nearest("replicas", ["replicas", "image"]) is None
    assert nearest("volumes", ["image"]) is None


def test_a_word_longer_than_anybody_mistypes_is_compared_with_nothing() -> None:
    def known() -> Iterator[str]:
        raise AssertionError("compared")
        yield ""

    assert nearest("a" * (LONGEST + 1), known()) is None
    assert nearest("a" * LONGEST, ["a" * (LONGEST - 1)]) == "a" * (LONGEST - 1)
