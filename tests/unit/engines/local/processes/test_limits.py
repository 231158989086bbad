from pathlib import Path

import pytest

from flaskship.engines.local.processes import cgroupfs
from flaskship.engines.local.processes.cgroup1 import Cgroup1, find_cgroup1
from flaskship.engines.local.processes.cgroup2 import Cgroup2, find_cgroup2, settings
from flaskship.engines.local.processes.containment import choose_containment
from flaskship.engines.local.processes.limits import Description, Limits, Usage
from flaskship.engines.local.processes.scope import UserScope, find_user_scope
from flaskship.engines.local.processes.watchdog import Watchdog

ALL = frozenset({"memory", "cpu", "pids"})
LIMITS = Limits(memory=64 * 2**20, cpu_milli=250, cpu_request_milli=100, pids=20)
V1 = "32 31 0:29 / {folder} rw,relatime shared:5 - cgroup cgroup rw,{name}\n"
V2 = "41 31 0:38 / {folder} rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"


async def nobody(_: object) -> None:
    raise AssertionError("nothing is over a limit here")


def machine(root: Path, mountinfo: str, membership: str = "") -> Path:
    (root / "self").mkdir(parents=True)
    (root / "self/mountinfo").write_text("22 1 254:1 / / rw - ext4 /dev/vda1 rw\n" + mountinfo)
    (root / "self/cgroup").write_text(membership)
    return root


def test_mounts_and_memberships_are_read():
    text = (
        V1.format(folder="/sys/fs/cgroup/cpu\\040and", name="cpu,cpuacct")
        + V2.format(folder="/cg")
        + "junk\n"
    )
    one, two = cgroupfs.parse_mounts(text)
    assert one.folder == Path("/sys/fs/cgroup/cpu and")
    assert {"cpu", "cpuacct"} <= one.options
    assert (two.folder, two.kind) == (Path("/cg"), "cgroup2")
    groups = cgroupfs.parse_membership("4:memory:/a/b\n2:cpu,cpuacct:/c:d\n1:name=systemd:/e\n0::/f\n")
    assert groups == {"memory": "/a/b", "cpu": "/c:d", "cpuacct": "/c:d", "name=systemd": "/e", "": "/f"}


def test_root_works_below_the_mount_and_a_user_below_its_own_group(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroupfs.os, "geteuid", lambda: 0)
    assert cgroupfs.base_folder(tmp_path, "/user/1000", "/p").parent == tmp_path
    monkeypatch.setattr(cgroupfs.os, "geteuid", lambda: 1000)
    mine = cgroupfs.base_folder(tmp_path, "/user/1000", "/p")
    assert mine.parent == tmp_path / "user/1000"
    assert mine.name != cgroupfs.base_folder(tmp_path, "/user/1000", "/q").name


def test_version_1_writes_each_limit_to_its_controller(tmp_path):
    bases = {name: tmp_path / name for name in ("memory", "cpu", "cpuacct", "pids")}
    cell = Cgroup1(bases, Path("/proc")).create("u1", LIMITS)
    written = {
        str(file.relative_to(tmp_path)): file.read_text() for file in tmp_path.rglob("*") if file.is_file()
    }
    assert written == {
        "memory/u1/memory.limit_in_bytes": "67108864",
        "memory/u1/memory.memsw.limit_in_bytes": "67108864",
        "cpu/u1/cpu.cfs_period_us": "100000",
        "cpu/u1/cpu.cfs_quota_us": "25000",
        "cpu/u1/cpu.shares": "102",
        "pids/u1/pids.max": "20",
    }
    assert cell.join == tuple(f"{tmp_path}/{name}/u1/cgroup.procs" for name in bases)
    assert (cell.rlimits, cell.prefix) == ({}, ())


def test_version_1_reads_what_the_kernel_counts(tmp_path):
    bases = {name: tmp_path / name for name in ("memory", "cpuacct", "pids")}
    cell = Cgroup1(bases, Path("/proc")).create("u1", Limits(pids=None))
    assert cell.usage() == Usage()
    (tmp_path / "memory/u1/memory.usage_in_bytes").write_text("10\n")
    (tmp_path / "memory/u1/memory.max_usage_in_bytes").write_text("20\n")
    (tmp_path / "memory/u1/memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    (tmp_path / "cpuacct/u1/cpuacct.usage").write_text("1500000000\n")
    (tmp_path / "pids/u1/pids.current").write_text("4\n")
    assert cell.usage() == Usage(10, 20, 3, 1.5, 4)


def test_a_sealed_cell_takes_no_further_process_and_tells_its_members(tmp_path):
    one = Cgroup1({name: tmp_path / name for name in ("memory", "pids")}, Path("/proc")).create("u1", LIMITS)
    two = Cgroup2(tmp_path / "base", ALL, Path("/proc")).create("u1", LIMITS)
    for cell, folder in ((one, tmp_path / "memory/u1"), (two, tmp_path / "base/u1")):
        assert cell.members() == ()
        (folder / "cgroup.procs").write_text("7\n8\n")
        assert cell.members() == (7, 8)
        cell.seal()
    assert (tmp_path / "pids/u1/pids.max").read_text() == "0"
    assert (tmp_path / "base/u1/pids.max").read_text() == "0"


def test_a_limit_that_is_refused_leaves_nothing(tmp_path):
    bases = {"memory": tmp_path / "memory", "pids": tmp_path / "pids"}
    (tmp_path / "pids/u1/pids.max").mkdir(parents=True)
    with pytest.raises(OSError, match=r"pids\.max"):
        Cgroup1(bases, Path("/proc")).create("u1", Limits())
    assert not (tmp_path / "memory/u1").exists()


def test_version_1_says_what_it_lacks(tmp_path):
    described = Cgroup1({"memory": tmp_path}, Path("/proc")).describe()
    assert described == Description("cgroup1", ("memory",), ("CPU", "processes"))
    assert str(described) == "cgroup1: memory; not contained: CPU, processes"


@pytest.mark.parametrize(
    ("limits", "files"),
    [
        (Limits(pids=None), {}),
        (LIMITS, {"memory.max": "67108864", "cpu.max": "25000 100000", "cpu.weight": "10", "pids.max": "20"}),
        (
            Limits(cpu_milli=1, cpu_request_milli=1),
            {"cpu.max": "1000 100000", "cpu.weight": "1", "pids.max": "1024"},
        ),
        (Limits(cpu_milli=2500, pids=None), {"cpu.max": "250000 100000"}),
        (Limits(cpu_request_milli=10**7, pids=None), {"cpu.weight": "10000"}),
    ],
)
def test_version_2_puts_limits_into_files(limits, files):
    assert settings(limits, ALL) == files
    assert settings(limits, frozenset()) == {}


def test_version_2_makes_a_group_with_its_controllers(tmp_path):
    cell = Cgroup2(tmp_path / "base", ALL, Path("/proc")).create("u1", LIMITS)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert (tmp_path / "base/cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert (tmp_path / "base/u1/memory.max").read_text() == "67108864"
    assert (tmp_path / "base/u1/memory.swap.max").read_text() == "0"
    assert cell.join == (f"{tmp_path}/base/u1/cgroup.procs",)
    (tmp_path / "base/u1/memory.current").write_text("5")
    (tmp_path / "base/u1/memory.peak").write_text("6")
    (tmp_path / "base/u1/memory.events").write_text("low 0\noom 2\noom_kill 1\n")
    (tmp_path / "base/u1/cpu.stat").write_text("usage_usec 2500000\n")
    (tmp_path / "base/u1/pids.current").write_text("3")
    assert cell.usage() == Usage(5, 6, 1, 2.5, 3)


def test_version_2_is_found_only_where_memory_can_be_handed_down(tmp_path):
    folder = tmp_path / "cg"
    folder.mkdir()
    proc = machine(tmp_path / "proc", V2.format(folder=folder), "0::/\n")
    assert find_cgroup2("/p", proc) is None, "no controllers at all"
    (folder / "cgroup.controllers").write_text("cpuset hugetlb\n")
    assert find_cgroup2("/p", proc) is None, "not the memory controller"
    (folder / "cgroup.controllers").write_text("cpu memory pids io\n")
    (folder / "cgroup.subtree_control").mkdir()
    assert find_cgroup2("/p", proc) is None, "not permitted"


def test_a_folder_that_is_no_control_group_is_not_taken_for_one(tmp_path):
    (tmp_path / "memory").mkdir()
    proc = machine(tmp_path / "proc", V1.format(folder=tmp_path / "memory", name="memory"), "4:memory:/\n")
    assert find_cgroup1("/p", proc) is None
    assert list((tmp_path / "memory").iterdir()) == []


def test_a_running_replica_is_found_in_the_group_it_is_in(tmp_path):
    proc = machine(tmp_path / "proc", V1.format(folder=tmp_path / "memory", name="memory"))
    (proc / "77").mkdir()
    (proc / "77/cgroup").write_text("4:memory:/session-3/flaskship-x/u1\n")
    containment = Cgroup1({"memory": tmp_path / "memory/flaskship-x"}, proc)
    assert containment.adopt("u1", LIMITS, 77).join == (
        f"{tmp_path}/memory/session-3/flaskship-x/u1/cgroup.procs",
    )
    assert containment.adopt("u2", LIMITS, 78).join == (f"{tmp_path}/memory/flaskship-x/u2/cgroup.procs",)


def test_a_scope_starts_the_command_with_its_limits():
    cell = UserScope("/p", "/usr/bin/systemd-run").create("u1", LIMITS)
    words = " ".join(cell.prefix)
    assert words.startswith("/usr/bin/systemd-run --user --scope --quiet --collect --unit=flaskship-")
    assert words.endswith("-u1 -p MemoryMax=67108864 -p MemorySwapMax=0 -p CPUQuota=25% -p TasksMax=20 --")
    assert cell.usage() == Usage()
    assert cell.remove()


def test_a_scope_needs_the_program_and_the_users_manager(tmp_path):
    assert find_user_scope("/p", {"PATH": str(tmp_path)}) is None
    assert find_user_scope("/p", {"PATH": "/usr/bin:/bin"}) is None
    assert find_user_scope("/p", {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)}) is None


def test_without_any_group_the_watchdog_is_chosen_and_says_what_it_cannot_hold(tmp_path):
    proc = machine(tmp_path / "proc", "")
    chosen = choose_containment("/p", watchdog=lambda: Watchdog("/p", nobody), proc=proc, environ={})
    assert chosen.describe().kind == "watchdog"
    assert "CPU" in chosen.describe().uncontained


@pytest.mark.parametrize("forced", ["watchdog", "cgroup2"])
def test_a_forced_choice_that_is_impossible_ends_at_the_watchdog(tmp_path, forced):
    proc = machine(tmp_path / "proc", "")
    chosen = choose_containment("/p", watchdog=lambda: Watchdog("/p", nobody), proc=proc, forced=forced)
    assert chosen.describe().kind == "watchdog"
