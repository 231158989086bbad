"""A place in a text that was written aside is told as one in the file that the reader has."""

import pytest

from flaskship.chart.rewritten import in_the_original
from flaskship.model.location import Location

BEFORE = "a: 1\nb: 2\nc: 3\nd: 4\n"
AFTER = "a: 1\nimage:\n  digest: x\nb: 2\nd: 4\n"


@pytest.mark.parametrize(("line", "told"), [(1, 1), (2, 0), (3, 0), (4, 2), (5, 4), (0, 0)], ids=str)
def test_a_line_is_where_it_was_and_a_new_one_is_none(line, told):
    found = in_the_original(
        Location("/tmp/x/values.yaml", line), "/tmp/x/values.yaml", "values.yaml", BEFORE, AFTER
    )
    assert found == Location("values.yaml", told)


def test_other_files_and_nothing_are_left_as_they_are():
    elsewhere = Location("values-dev.yaml", 4)
    assert in_the_original(elsewhere, "/tmp/x/values.yaml", "values.yaml", BEFORE, AFTER) == elsewhere
    assert in_the_original(None, "/tmp/x/values.yaml", "values.yaml", BEFORE, AFTER) is None
