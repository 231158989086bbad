import os
from pathlib import Path

import pytest

from flaskship.engines.local.processes import proc

STAT = "{pid} ({name}) {state} {parent} {group} {session} 0 -1 4194304 1 0 0 0 5 7 0 0 20 0 1 0 {start} 1 1\n"


def process(root: Path, pid: int, *, name="x", state="S", parent=1, session=None, start=100, env=b"") -> None:
    folder = root / str(pid)
    folder.mkdir()
    group = session or pid
    shown = STAT.format(
        pid=pid, name=name, state=state, parent=parent, group=group, session=group, start=start
    )
    (folder / "stat").write_text(shown)
    (folder / "environ").write_bytes(env)


def marks(project: str, uid: str) -> bytes:
    return f"PATH=/bin\0FLASKSHIP_PROJECT={project}\0FLASKSHIP_UID={uid}\0".encode()


@pytest.mark.parametrize("name", ["sleep", "a b", "evil) S 1 1 1", "((", ")", "é"])
def test_a_name_with_blanks_and_parentheses_does_not_shift_the_fields(name):
    line = STAT.format(pid=7, name=name, state="R", parent=3, group=4, session=5, start=99)
    assert proc.parse_stat(line.encode()) == proc.Stat(7, "R", 3, 4, 5, 99)


@pytest.mark.parametrize(
    ("state", "ended"), [("Z", True), ("X", True), ("S", False), ("T", False), ("D", False)]
)
def test_a_zombie_has_ended(state, ended):
    assert proc.Stat(1, state, 1, 1, 1, 1).ended is ended


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (marks("/p", "u1"), proc.Marks("/p", "u1")),
        (b"FLASKSHIP_PROJECT=/p\0", None),
        (b"FLASKSHIP_UID=u\0", None),
        (b"FLASKSHIP_PROJECT=\0FLASKSHIP_UID=u\0", None),
        (b"", None),
        (b"\0\0\0", None),
        (b"XFLASKSHIP_PROJECT=/p\0FLASKSHIP_UID=u", None),
        (b"A=\xff\xfe\0" + marks("/p", "u1"), proc.Marks("/p", "u1")),
        (marks("/a=b", "u1"), proc.Marks("/a=b", "u1")),
        (marks("/first", "u1") + marks("/second", "u2"), proc.Marks("/first", "u1")),
    ],
)
def test_marks_are_read_from_the_environment(raw, found):
    assert proc.parse_marks(raw) == found


def test_a_path_that_is_not_utf8_is_the_same_path():
    raw = b"FLASKSHIP_PROJECT=/\xff\0FLASKSHIP_UID=u\0"
    found = proc.parse_marks(raw)
    assert found is not None
    assert os.fsencode(found.project) == b"/\xff"


def test_marked_processes_are_found_by_replica_oldest_first(tmp_path):
    process(tmp_path, 10, start=300, env=marks("/p", "a"))
    process(tmp_path, 11, start=200, env=marks("/p", "a"))
    process(tmp_path, 12, env=marks("/p", "b"))
    process(tmp_path, 13, env=marks("/other", "a"))
    process(tmp_path, 14, state="Z", env=marks("/p", "a"))
    process(tmp_path, 15)
    (tmp_path / "self").mkdir()
    (tmp_path / "16").mkdir()
    assert proc.marked_pids("/p", tmp_path) == {"a": [11, 10], "b": [12]}


def test_a_session_is_found_without_its_zombies(tmp_path):
    process(tmp_path, 10)
    process(tmp_path, 11, session=10, parent=10)
    process(tmp_path, 12, session=10, state="Z")
    process(tmp_path, 13)
    assert proc.session_pids(10, tmp_path) == [10, 11]


def test_what_is_gone_is_none(tmp_path):
    assert proc.read_stat(1, tmp_path) is None
    assert proc.read_marks(1, tmp_path) is None
    assert proc.boot_id(tmp_path) == ""
    assert proc.own_pids(tmp_path / "missing") == []


def test_this_process_knows_itself():
    stat = proc.read_stat(os.getpid())
    assert stat is not None
    assert (stat.pid, stat.parent, stat.session) == (os.getpid(), os.getppid(), os.getsid(0))
    assert os.getpid() in proc.own_pids()
    assert len(proc.boot_id()) == 36


@pytest.mark.parametrize(
    ("loadavg", "order"),
    [
        ("0.1 0.2 0.3 1/99 11\n", [11, 10, 13, 12]),
        ("0.1 0.2 0.3 1/99 13\n", [13, 12, 11, 10]),
        (None, [13, 12, 11, 10]),
    ],
)
def test_the_last_process_made_comes_first_also_after_numbers_began_again(tmp_path, loadavg, order):
    for pid in (12, 10, 13, 11):
        process(tmp_path, pid)
    if loadavg:
        (tmp_path / "loadavg").write_text(loadavg)
    assert proc.newest_first(tmp_path) == order
