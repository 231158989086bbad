"""A line that does not end: its beginning and how much of it is gone stay in the log, whatever is cut."""

import os

import pytest

from flaskship.engines.local.processes import long_lines
from flaskship.engines.local.processes.logs import LogTail, copy_truncate, last_lines

MIB = 1024 * 1024


def written(log, *parts):
    with log.open("ab", buffering=0) as file:
        for part in parts:
            file.write(part)


def note(count):
    return f" [flaskship: {count} bytes of this line were dropped]"


def test_the_beginning_of_a_line_that_is_cut_stays_with_a_note(tmp_path):
    log = tmp_path / "a.log"
    written(log, b"before\n", b"begin ", b"x" * (3 * MIB))
    copy_truncate(log, MIB)
    kept = b"begin " + b"x" * (long_lines.KEPT - 6)
    assert log.read_bytes() == b"\n" + kept + note(3 * MIB + 6 - long_lines.KEPT).encode() + b"\n"
    assert last_lines(log, 1)[0].startswith("begin xxx")


def test_a_line_that_is_cut_again_and_again_is_counted_on(tmp_path):
    log = tmp_path / "a.log"
    written(log, b"begin ")
    for _ in range(5):
        written(log, b"x" * (2 * MIB))
        copy_truncate(log, MIB)
    written(log, b"the end\nafter\n")
    blank, *lines = last_lines(log, 10)
    assert blank == ""
    assert lines[0].startswith("begin xxx")
    assert lines[0].endswith(note(10 * MIB + 6 - long_lines.KEPT))
    assert lines[1:] == ["the end", "after"]


def test_another_long_line_after_one_has_its_own_beginning(tmp_path):
    log = tmp_path / "a.log"
    written(log, b"first ", b"x" * (2 * MIB))
    copy_truncate(log, MIB)
    written(log, b"\nsecond ", b"y" * (2 * MIB))
    copy_truncate(log, MIB)
    _, line = last_lines(log, 10)
    assert line.startswith("second yyy")
    assert line.endswith(note(2 * MIB + 7 - long_lines.KEPT))


@pytest.mark.parametrize("half", [b"", b"half of a li", b"y" * long_lines.KEPT])
def test_a_line_that_is_short_enough_is_not_broken(tmp_path, half):
    log = tmp_path / "a.log"
    written(log, b"x\n" * MIB, half)
    copy_truncate(log, MIB)
    assert log.read_bytes() == half
    written(log, b"ne\n")
    assert last_lines(log, 1) == ((half + b"ne").decode(),)


@pytest.mark.parametrize("before", [b"", b"before\n"])
def test_the_beginning_of_a_line_is_found_from_afar(tmp_path, before):
    log = tmp_path / "a.log"
    written(log, before, b"begin ", b"x" * (9 * MIB))
    copy_truncate(log, MIB)
    (line,) = last_lines(log, 1)
    assert line.startswith("begin xxx")
    assert line.endswith(note(9 * MIB + 6 - long_lines.KEPT))


def test_what_comes_in_the_instant_of_the_cut_is_a_line_of_its_own_and_counted(tmp_path):
    log = tmp_path / "a.log"
    written(log, b"begin ", b"x" * (2 * MIB))
    copy_truncate(log, MIB)
    # A writer that is faster than we are stands before the note.
    log.write_bytes(b"late" + log.read_bytes())
    first, second = last_lines(log, 10)
    assert first == "late"
    assert second.startswith("begin xxx")
    written(log, b"x" * MIB)
    copy_truncate(log, MIB)
    _, line = last_lines(log, 10)
    assert line.startswith("begin xxx")
    assert line.endswith(note(3 * MIB + 6 + 4 - long_lines.KEPT))


def test_a_note_behind_which_nothing_came_yet_stays(tmp_path):
    log = tmp_path / "a.log"
    written(log, b"begin ", b"x" * (2 * MIB))
    copy_truncate(log, MIB)
    # So much came in the instant of the cut that the file is too long once more.
    log.write_bytes(b"x" * (2 * MIB) + log.read_bytes())
    copy_truncate(log, MIB)
    _, line = last_lines(log, 10)
    assert line.startswith("begin xxx")
    assert line.endswith(note(4 * MIB + 6 - long_lines.KEPT))


def test_looking_for_the_beginning_takes_no_longer_the_longer_a_line_is(tmp_path, monkeypatch):
    log = tmp_path / "a.log"
    written(log, b"before\n", b"begin ", b"x" * long_lines.KEPT)
    with log.open("r+b") as file:
        # A hole: no disk has to hold it.
        file.truncate(1024 * MIB)
    read, pread = [], os.pread

    def counted(descriptor, count, offset):
        read.append(count)
        return pread(descriptor, count, offset)

    monkeypatch.setattr(os, "pread", counted)
    copy_truncate(log, MIB)
    assert sum(read) < 2 * long_lines.SEARCHED
    (line,) = last_lines(log, 1)
    assert line.startswith("begin xxx")
    assert line.endswith(note(1024 * MIB - 7 - long_lines.KEPT))


def test_lines_behind_a_long_one_are_read_without_it(tmp_path):
    log = tmp_path / "a.log"
    written(log, b"before\n", b"x" * (3 * MIB), b"\nafter\n")
    assert last_lines(log, 3, limit=10) == ("before", "x" * 10, "after")


def test_who_follows_reads_the_note(tmp_path):
    log = tmp_path / "a.log"
    written(log, b"begin ", b"x" * (2 * MIB))
    tail = LogTail(log)
    for _ in range(20):
        tail.read()
    copy_truncate(log, MIB)
    _, line = tail.read()
    assert line.text.endswith("dropped]")
