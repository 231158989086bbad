import errno
import os
import tracemalloc

import pytest

from flaskship.engines.local.processes.logs import (
    UNCUT,
    LogLine,
    LogTail,
    all_last_lines,
    beside,
    copy_truncate,
    last_lines,
    lines_since,
    mark,
    whole_lines,
)


def drain(tail: LogTail) -> list[LogLine]:
    # An endless line gives nothing for many chunks.
    chunks = tail.path.stat().st_size // 2**18 + 1
    return [line for _ in range(chunks) for line in tail.read()]


def append(path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_lines_are_complete_and_carry_the_offset_after_them(tmp_path):
    log = tmp_path / "a.log"
    append(log, b"one\ntw")
    tail = LogTail(log)
    assert tail.read() == (LogLine("one", 4),)
    append(log, b"o\n\n")
    assert tail.read() == (LogLine("two", 8), LogLine("", 9))
    assert tail.read() == ()


def test_a_restart_goes_on_after_the_last_complete_line(tmp_path):
    log = tmp_path / "a.log"
    append(log, b"one\npart")
    tail = LogTail(log)
    tail.read()
    assert tail.offset == 4
    append(log, b"ial\n")
    assert LogTail(log, tail.offset).read() == (LogLine("partial", 12),)


def test_what_its_writer_left_unfinished_is_told_at_the_end(tmp_path):
    log = tmp_path / "a.log"
    append(log, b"one\nTraceback")
    tail = LogTail(log)
    tail.read()
    assert tail.finish() == (LogLine("Traceback", 13),)
    assert tail.finish() == ()


def test_bytes_that_are_not_utf8_are_replaced(tmp_path):
    log = tmp_path / "a.log"
    append(log, b"caf\xe9 \xff\xfe\nok\r\n\x00bin\n")
    assert [line.text for line in LogTail(log).read()] == ["caf� ��", "ok", "\x00bin"]


def test_a_character_split_between_reads_is_whole(tmp_path):
    log = tmp_path / "a.log"
    append(log, b"\xc3")
    tail = LogTail(log)
    assert tail.read() == ()
    append(log, b"\xa4\n")
    assert tail.read()[0].text == "ä"


@pytest.mark.parametrize("size", [10, 11, 12, 1000, 700_000])
def test_a_long_line_is_cut_at_the_limit_and_the_next_is_whole(tmp_path, size):
    log = tmp_path / "a.log"
    append(log, b"x" * size + b"\nnext\n")
    lines = drain(LogTail(log, limit=10))
    assert lines[0].text == "x" * 10
    assert lines[0].cut is (size > 10)
    assert lines[1:] == [LogLine("next", size + 6)]


def test_an_endless_line_costs_no_memory(tmp_path):
    log = tmp_path / "a.log"
    with log.open("wb") as file:
        file.truncate(1 << 30)
    append(log, b"\nafter\n")
    tracemalloc.start()
    try:
        lines = drain(LogTail(log))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(len(line.text), line.cut) for line in lines] == [(65536, True), (5, False)]
    assert peak < 4 * 2**20


def test_a_hundred_thousand_lines_are_read_in_bounded_steps(tmp_path):
    log = tmp_path / "a.log"
    append(log, b"".join(b"line %d\n" % number for number in range(100_000)))
    tail = LogTail(log)
    first = tail.read()
    assert 0 < len(first) < 100_000
    assert len(first) + len(drain(tail)) == 100_000


def test_a_missing_file_has_no_lines(tmp_path):
    tail = LogTail(tmp_path / "none.log")
    assert tail.read() == ()
    assert last_lines(tmp_path / "none.log", 5) == ()


def test_a_truncated_file_is_read_from_its_beginning(tmp_path):
    log = tmp_path / "a.log"
    append(log, b"one\ntwo\n")
    tail = LogTail(log)
    tail.read()
    log.write_bytes(b"new\n")
    assert tail.read() == (LogLine("new", 4),)


def test_a_truncated_file_keeps_its_last_bytes_beside_and_its_writers_go_on(tmp_path):
    log = tmp_path / "a.log"
    writer = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(writer, b"".join(b"%07d\n" % number for number in range(1000)))
    tail = LogTail(log)
    assert len(drain(tail)) == 1000
    copy_truncate(log, 80)
    assert log.stat().st_size == 0
    beside = tmp_path / "a.log.1"
    assert beside.read_bytes().split()[-1] == b"0000999"
    assert beside.stat().st_size == 80
    assert beside.stat().st_mode & 0o777 == 0o600
    os.write(writer, b"goes on\n")
    os.close(writer)
    assert tail.read() == (LogLine("goes on", 8),)


class Log:
    """A log that is written, cut and followed."""

    def __init__(self, path, keep=1000):
        self.path, self.keep, self.cuts, self.lines = path, keep, UNCUT, []
        self.tail = LogTail(path)

    def write(self, *lines, end=b"\n"):
        append(self.path, b"".join(line.encode() + b"\n" for line in lines[:-1]) + lines[-1].encode() + end)

    def cut(self):
        self.cuts = self.cuts.then(copy_truncate(self.path, self.keep))

    def follow(self):
        found = (*self.tail.read_cut(self.cuts), *drain(self.tail))
        self.lines += [line.text for line in found]


@pytest.mark.parametrize("looks", [(), (1,), (2,), (1, 2), (0, 1, 2, 3)])
def test_who_follows_reads_each_line_once_whenever_it_looks(tmp_path, looks):
    log = Log(tmp_path / "a.log")
    steps = [
        lambda: log.write("one", "two", "begun", end=b""),
        log.cut,
        lambda: log.write(" and ended", "three"),
        lambda: log.write("four", "fi", end=b""),
    ]
    for number, step in enumerate(steps):
        step()
        if number in looks:
            log.follow()
    log.write("ve")
    log.follow()
    assert log.lines == ["one", "two", "begun and ended", "three", "four", "five"]
    assert all_last_lines(log.path, 10) == tuple(log.lines)
    assert all_last_lines(log.path, 4) == tuple(log.lines[-4:])


def test_who_follows_across_several_cuts_reads_what_is_left(tmp_path):
    log = Log(tmp_path / "a.log", keep=16)
    log.write("seen")
    log.follow()
    for number in range(3):
        log.write(*(f"line {number}{row}" for row in range(5)))
        log.cut()
    log.write("last")
    log.follow()
    # Of each cut there was room for two lines, and FILE.1 has those of the last one.
    assert log.lines == ["seen", "line 23", "line 24", "last"]
    assert all_last_lines(log.path, 10) == ("line 23", "line 24", "last")


def test_a_long_line_that_is_cut_again_and_again_keeps_the_lines_before_it_and_is_told_once(tmp_path):
    log = Log(tmp_path / "a.log", keep=100_000)
    log.write("before", "begins " + "x" * 200_000, end=b"")
    log.follow()
    for _ in range(3):
        log.cut()
        log.write("x" * 200_000, end=b"")
    log.cut()
    log.write("", "after")
    log.follow()
    assert [line[:7] for line in log.lines if line and not line.startswith("xx")] == [
        "before",
        "begins ",
        "after",
    ]


def test_of_a_file_that_is_all_one_line_the_lines_before_it_stay_beside(tmp_path):
    log = Log(tmp_path / "a.log", keep=100_000)
    log.write("before")
    log.cut()
    log.write("x" * 200_000, end=b"")
    for _ in range(2):
        log.cut()
        log.write("x" * 200_000, end=b"")
    assert beside(log.path).read_bytes() == b"before\n"


def test_a_copy_begins_with_a_whole_line(tmp_path):
    log = Log(tmp_path / "a.log", keep=12)
    log.write("one", "two", "three", "four")
    log.cut()
    assert beside(log.path).read_bytes() == b"three\nfour\n"
    log.write("x" * 50, "end")
    log.cut()
    assert beside(log.path).read_bytes() == b"end\n"


def test_where_the_last_whole_line_ends(tmp_path):
    log = tmp_path / "a.log"
    assert whole_lines(log) == 0
    append(log, b"one\ntw")
    assert whole_lines(log) == 4
    assert last_lines(log, 5, until=4) == ("one",)


def test_copy_truncate_replaces_the_older_copy(tmp_path):
    log = tmp_path / "a.log"
    for content in (b"first\n", b"second\n"):
        log.write_bytes(content)
        copy_truncate(log, 100)
    assert (tmp_path / "a.log.1").read_bytes() == b"second\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.log", "a.log.1"]


@pytest.mark.parametrize(
    ("content", "count", "found"),
    [
        (b"", 3, ()),
        (b"a\nb\nc\n", 2, ("b", "c")),
        (b"a\nb\nc", 2, ("b", "c")),
        (b"a\nb\n", 5, ("a", "b")),
        (b"a\n\n", 2, ("a", "")),
        (b"a\n", 0, ()),
        (b"\xff\n", 1, ("�",)),
        (b"x" * 100 + b"\n", 1, ("x" * 10,)),
    ],
)
def test_the_last_lines_are_read_from_the_end(tmp_path, content, count, found):
    log = tmp_path / "a.log"
    log.write_bytes(content)
    assert last_lines(log, count, limit=10) == found


def test_the_last_lines_of_a_large_file_are_right_across_blocks(tmp_path):
    log = tmp_path / "a.log"
    lines = [f"line {number} {'y' * (number % 300)}" for number in range(5000)]
    log.write_text("\n".join(lines) + "\n")
    assert last_lines(log, 1000) == tuple(lines[-1000:])


def test_last_lines_can_begin_after_an_earlier_run(tmp_path):
    log = tmp_path / "log"
    log.write_text("the first run\n")
    began = log.stat().st_size
    log.write_text("the first run\nthe second\nrun\n")
    assert last_lines(log, 10, since=began) == ("the second", "run")
    log.write_text("cut back\n")
    assert last_lines(log, 10, since=began) == ("cut back",)


def test_the_lines_of_a_run_are_found_whatever_was_cut_meanwhile(tmp_path):
    log, cuts = tmp_path / "a.log", UNCUT
    append(log, b"earlier run\n")
    begun = mark(log, cuts)
    assert lines_since(log, 9, begun, cuts) == ()
    append(log, b"one\ntwo\n")
    assert lines_since(log, 9, begun, cuts) == ("one", "two")

    cuts = cuts.then(copy_truncate(log, keep=1000))
    append(log, b"three\n")
    assert lines_since(log, 9, begun, cuts) == ("one", "two", "three")
    assert lines_since(log, 2, begun, cuts) == ("two", "three")

    cuts = cuts.then(copy_truncate(log, keep=1000))
    assert lines_since(log, 9, begun, cuts) == ("three",)
    assert lines_since(log, 9, mark(log, cuts), cuts) == ()


def test_a_full_disk_costs_the_copy_and_not_the_bound(tmp_path, monkeypatch):
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * 999 + b"\n")

    def full(*_):
        assert log.stat().st_size == 0, "there is room by now, where there can be"
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "open", full)
    copy_truncate(log, 100)
    assert [file.name for file in tmp_path.iterdir()] == ["a.log"]
