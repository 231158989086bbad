import os
from dataclasses import replace
from pathlib import Path

from flaskship.engines.local.processes.identity import ProcessIdentity, alive, find_by_environment, identify

STAT = "{pid} (x) {state} 1 {pid} {pid} 0 -1 4194304 1 0 0 0 5 7 0 0 20 0 1 0 {start} 1 1\n"


def machine(root: Path, boot: str = "boot-1") -> Path:
    (root / "sys/kernel/random").mkdir(parents=True)
    (root / "sys/kernel/random/boot_id").write_text(boot + "\n")
    return root


def process(root: Path, pid: int, start: int, state: str = "S", env: bytes = b"") -> None:
    (root / str(pid)).mkdir(exist_ok=True)
    (root / str(pid) / "stat").write_text(STAT.format(pid=pid, start=start, state=state))
    (root / str(pid) / "environ").write_bytes(env)


def test_an_identity_is_pid_start_time_and_boot(tmp_path):
    process(machine(tmp_path), 7, 123)
    assert identify(7, tmp_path) == ProcessIdentity(7, 123, "boot-1")


def test_a_recycled_pid_is_another_process(tmp_path):
    process(machine(tmp_path), 7, 123)
    mine = identify(7, tmp_path)
    assert mine is not None
    assert alive(mine, tmp_path)
    process(tmp_path, 7, 456)
    assert not alive(mine, tmp_path)


def test_the_same_pid_and_ticks_after_a_reboot_is_another_process(tmp_path):
    process(machine(tmp_path), 7, 123)
    mine = identify(7, tmp_path)
    assert mine is not None
    (tmp_path / "sys/kernel/random/boot_id").write_text("boot-2\n")
    assert not alive(mine, tmp_path)


def test_zombies_and_the_gone_are_not_alive(tmp_path):
    process(machine(tmp_path), 7, 123, state="Z")
    assert identify(7, tmp_path) is None
    assert identify(8, tmp_path) is None


def test_marked_processes_are_found_with_their_identity(tmp_path):
    env = b"FLASKSHIP_PROJECT=/p\0FLASKSHIP_UID=u1\0"
    process(machine(tmp_path), 7, 123, env=env)
    process(tmp_path, 8, 100, env=env)
    process(tmp_path, 9, 1)
    found = find_by_environment(Path("/p"), tmp_path)
    assert found == {"u1": (ProcessIdentity(8, 100, "boot-1"), ProcessIdentity(7, 123, "boot-1"))}


def test_without_proc_a_process_still_has_an_identity(tmp_path):
    nowhere = tmp_path / "no-proc"
    mine = identify(os.getpid(), nowhere)
    assert mine is not None
    assert alive(mine, nowhere)
    assert not alive(replace(mine, start_time=mine.start_time + 100), nowhere)
    assert identify(2**22 + 1, nowhere) is None
