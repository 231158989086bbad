from pathlib import Path

import pytest

from flaskship.engines.local.supervisor.log_stream import Source, merged, stated_time

A, B = Source("web", "web-a", Path("a")), Source("web", "web-b", Path("b"))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('{"at": "1970-01-01T00:01:40.500+00:00", "event": "x"}', 100.5),
        ("1970-01-01T00:00:07Z started", 7.0),
        ("[1970-01-01 00:00:08,250+00:00] INFO", 8.25),
        ("no time at all", None),
        ("x" * 300 + "1970-01-01T00:00:07Z", None),
        ("1970-13-45T00:00:07Z", None),
    ],
)
def test_a_line_says_when_it_was_written(text, at):
    assert stated_time(text) == at


def test_lines_of_replicas_are_merged_by_time_and_a_traceback_stays_whole():
    first = ("1970-01-01T00:00:01Z one", "Traceback", "  File", "1970-01-01T00:00:09Z nine")
    second = ("1970-01-01T00:00:02Z two", "1970-01-01T00:00:03Z three")
    lines = [(line.replica, line.text[-5:].strip()) for line in merged([(A, first), (B, second)])]
    assert lines == [
        ("web-a", "Z one"),
        ("web-a", "eback"),
        ("web-a", "File"),
        ("web-b", "Z two"),
        ("web-b", "three"),
        ("web-a", "nine"),
    ]
