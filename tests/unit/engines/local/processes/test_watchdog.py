import os
from pathlib import Path

import pytest

from flaskship.engines.local.processes.limits import Limits
from flaskship.engines.local.processes.watchdog import Excess, Watchdog, descendants, proportional, resident

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20


def process(root: Path, pid: int, mib: int, children: tuple[int, ...] = (), pss: int | None = None) -> None:
    task = root / str(pid) / "task" / str(pid)
    task.mkdir(parents=True, exist_ok=True)
    (task / "children").write_text(" ".join(str(child) for child in children) + " ")
    (root / str(pid) / "statm").write_text(f"99999 {mib * MIB // PAGE} 1 1 0 1 0\n")
    shown = pss if pss is not None else mib
    (root / str(pid) / "smaps_rollup").write_text(f"00-ff ---p 0 00:00 0 [rollup]\nPss: {shown * 1024} kB\n")


async def unused(_: object) -> None:
    raise AssertionError("look() tells, it does not call")


def watchdog(root: Path) -> Watchdog:
    return Watchdog("/p", unused, root)


def test_a_replica_within_its_limit_is_left_alone(tmp_path):
    process(tmp_path, 10, 30, (11,))
    process(tmp_path, 11, 30)
    dog = watchdog(tmp_path)
    dog.create("u1", Limits(memory=64 * MIB)).started(10)
    assert dog.look() == ()


def test_memory_of_the_whole_family_counts(tmp_path):
    process(tmp_path, 10, 30, (11,))
    process(tmp_path, 11, 20, (12, 13))
    process(tmp_path, 12, 20)
    dog = watchdog(tmp_path)
    dog.create("u1", Limits(memory=64 * MIB)).started(10)
    assert dog.look() == (Excess("u1", "memory", 70 * MIB, 64 * MIB),)


def test_a_kill_of_the_watchdog_is_not_counted_as_one_of_the_kernel(tmp_path):
    process(tmp_path, 10, 70)
    dog = watchdog(tmp_path)
    cell = dog.create("u1", Limits(memory=64 * MIB))
    cell.started(10)
    assert dog.look()
    used = cell.usage()
    assert used.oom_kills is None
    assert (used.peak or 0) >= 70 * MIB


def test_shared_pages_are_not_counted_twice(tmp_path):
    process(tmp_path, 10, 40, (11,), pss=25)
    process(tmp_path, 11, 40, pss=25)
    dog = watchdog(tmp_path)
    dog.create("u1", Limits(memory=64 * MIB)).started(10)
    assert dog.look() == ()


def test_too_many_processes_are_told(tmp_path):
    process(tmp_path, 10, 1, tuple(range(11, 20)))
    for pid in range(11, 20):
        process(tmp_path, pid, 1)
    dog = watchdog(tmp_path)
    dog.create("u1", Limits(pids=9)).started(10)
    assert dog.look() == (Excess("u1", "processes", 10, 9),)


def test_one_that_left_its_parents_is_found_by_its_mark(tmp_path):
    stat = "20 (x) S 1 20 20 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 1 1\n"
    process(tmp_path, 10, 1)
    process(tmp_path, 20, 100)
    (tmp_path / "20/stat").write_text(stat)
    (tmp_path / "20/environ").write_bytes(b"FLASKSHIP_PROJECT=/p\0FLASKSHIP_UID=u1\0")
    dog = watchdog(tmp_path)
    dog.create("u1", Limits(memory=64 * MIB)).started(10)
    assert dog.look() == (Excess("u1", "memory", 101 * MIB, 64 * MIB),)


def test_no_limit_is_no_excess_and_a_removed_cell_is_forgotten(tmp_path):
    process(tmp_path, 10, 10_000)
    dog = watchdog(tmp_path)
    dog.create("free", Limits(memory=None, pids=None)).started(10)
    assert dog.look() == ()
    cell = dog.adopt("u1", Limits(memory=1), 10)
    assert dog.look() == (Excess("u1", "memory", 10_000 * MIB, 1),)
    assert cell.remove()
    assert dog.look() == ()


def test_before_it_started_and_after_it_ended_a_replica_uses_nothing(tmp_path):
    dog = watchdog(tmp_path)
    cell = dog.create("u1", Limits(memory=1))
    assert dog.look() == ()
    cell.started(10)
    assert dog.look() == ()


def test_processes_are_limited_beyond_what_the_user_runs_already(tmp_path):
    for pid in (10, 11):
        process(tmp_path, pid, 1)
    assert watchdog(tmp_path).create("u1", Limits(pids=50)).rlimits == {"NPROC": 52}
    assert watchdog(tmp_path).create("u1", Limits(pids=None)).rlimits == {}


def test_no_address_space_or_data_limit_is_ever_set(tmp_path):
    assert not set(watchdog(tmp_path).create("u1", Limits(memory=1)).rlimits) & {"AS", "DATA"}


@pytest.mark.parametrize("measure", [resident, proportional])
def test_this_process_uses_memory_and_a_missing_one_none(measure, tmp_path):
    assert measure(os.getpid()) > MIB
    assert measure(2**22 + 1) == 0


def test_memory_is_known_without_proc_too(tmp_path):
    assert resident(os.getpid(), tmp_path / "no-proc") > MIB
    assert resident(2**22 + 1, tmp_path / "no-proc") == 0


def test_descendants_of_a_cycle_end(tmp_path):
    process(tmp_path, 10, 1, (11,))
    process(tmp_path, 11, 1, (10,))
    assert sorted(descendants((10, 10), tmp_path)) == [10, 11]
