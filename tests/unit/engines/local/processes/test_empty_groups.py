"""Which empty control groups go. A file stands for a process: such a folder cannot be removed, either."""

import os
from pathlib import Path

import pytest

from flaskship.engines.local.processes import cgroupfs
from flaskship.engines.local.processes.empty_groups import FORGOTTEN_SECONDS, remove_empty_groups

PROJECT, OTHER = "/srv/shop", "/srv/gone"
NOW = 1_800_000_000.0
OLD, YOUNG = NOW - FORGOTTEN_SECONDS - 1, NOW - 60


@pytest.fixture(params=["cgroup2", "cgroup"])
def proc(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    mount, options = tmp_path / "groups", "rw,memory" if request.param == "cgroup" else "rw"
    mount.mkdir()
    folder = tmp_path / "proc" / "self"
    folder.mkdir(parents=True)
    text = f"30 1 0:1 / {mount} rw - {request.param} none {options}\n"
    (folder / "mountinfo").write_text(text)
    (folder / "cgroup").write_text("4:memory:/user\n" if request.param == "cgroup" else "0::/user\n")
    return tmp_path / "proc"


def base(tmp_path: Path, project: str) -> Path:
    name = cgroupfs.base_folder(cgroupfs.Mount(Path("/"), "cgroup2", frozenset()).folder, "/", project).name
    return tmp_path / "groups" / name


def cell(tmp_path: Path, project: str, uid: str, at: float, *, populated: bool = False) -> Path:
    folder = base(tmp_path, project) / uid
    folder.mkdir(parents=True)
    if populated:
        (folder / "cgroup.procs").write_text("1\n")
    for path in (folder, folder.parent):
        os.utime(path, (at, at))
    return folder


def swept(proc: Path, *known: str) -> int:
    return remove_empty_groups(PROJECT, known, NOW, proc)


def test_a_group_of_a_process_that_the_state_does_not_know_goes(tmp_path: Path, proc: Path) -> None:
    mine = cell(tmp_path, PROJECT, "a.web.1", YOUNG)
    assert swept(proc) == 2
    assert not mine.parent.exists()


def test_one_that_is_about_to_be_joined_stays(tmp_path: Path, proc: Path) -> None:
    known, trial = (cell(tmp_path, PROJECT, uid, YOUNG) for uid in ("a.web.1", "trial"))
    assert swept(proc, "a.web.1") == 0
    assert known.exists()
    assert trial.exists()


def test_one_that_was_made_since_the_known_ones_were_asked_for_stays(tmp_path: Path, proc: Path) -> None:
    made = cell(tmp_path, PROJECT, "new.web.1", NOW + 0.1)
    assert swept(proc) == 0
    assert made.exists()


def test_one_with_a_process_in_it_stays(tmp_path: Path, proc: Path) -> None:
    busy = cell(tmp_path, PROJECT, "a.web.1", OLD, populated=True)
    assert swept(proc) == 0
    assert busy.exists()


def test_what_another_project_has_forgotten_goes_and_what_it_just_made_stays(
    tmp_path: Path, proc: Path
) -> None:
    forgotten = cell(tmp_path, OTHER, "b.web.1", OLD)
    made = cell(tmp_path, "/srv/alive", "c.web.1", YOUNG)
    assert swept(proc) == 2
    assert not forgotten.parent.exists()
    assert made.exists()


def test_folders_of_others_are_none_of_ours(tmp_path: Path, proc: Path) -> None:
    foreign = tmp_path / "groups" / "docker" / "d1"
    foreign.mkdir(parents=True)
    os.utime(foreign, (OLD, OLD))
    assert swept(proc) == 0
    assert foreign.exists()


def test_a_machine_without_control_groups_has_none(tmp_path: Path) -> None:
    assert remove_empty_groups(PROJECT, (), NOW, tmp_path / "nothing") == 0
