import errno
import os
import tracemalloc

import pytest

from flaskship.engines.local.processes.logs import LogLine, LogTail, copy_truncate, last_lines


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


def test_copy_truncate_replaces_the_older_copy(tmp_path):
    log = tmp_path / "a.log"
    for content in (b"first", b"second"):
        log.write_bytes(content)
        copy_truncate(log, 100)
    assert (tmp_path / "a.log.1").read_bytes() == b"second"
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


def test_a_full_disk_costs_the_copy_and_not_the_bound(tmp_path, monkeypatch):
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * 999 + b"\n")

    def full(*_):
        assert log.stat().st_size == 0, "there is room by now, where there can be"
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "open", full)
    copy_truncate(log, 100)
    assert [file.name for file in tmp_path.iterdir()] == ["a.log"]
