"""A process that may write below some folders alone, and how nothing is bound where the kernel cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flaskship.engines.local.processes.capabilities import VARIABLE
from flaskship.engines.local.spawner.landlock import version

PROGRAM = """
import os, subprocess, sys
from flaskship.engines.local.spawner.landlock import write_only_below
places, *tries = [part.split(",") for part in sys.argv[1:]]
write_only_below(tuple(places))
for what, path in tries:
    try:
        if what == "write": open(path, "a").write("x")
        if what == "truncate": os.truncate(path, 0)
        if what == "make": os.mkdir(path)
        if what == "remove": os.unlink(path)
        if what == "rename": os.rename(path, path + ".other")
        if what == "link": os.symlink("x", path)
        if what == "read": open(path).read()
        if what == "child": subprocess.run(["sh", "-c", f"(echo x >> {path}) 2> /dev/null"], check=True)
        print("done")
    except PermissionError: print("refused")
    except subprocess.CalledProcessError: print("refused")
"""

linux = pytest.mark.skipif(not version(), reason="this kernel has no Landlock")


def tried(places: list[str], *tries: tuple[str, Path], without: str = "") -> list[str]:
    words = [",".join(places), *(f"{what},{path}" for what, path in tries)]
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**os.environ, VARIABLE: without},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.split()


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_text("as it was")
    return folder


@linux
@pytest.mark.parametrize("what", ["write", "truncate", "remove", "rename", "child"])
def test_nothing_outside_is_changed(inside: Path, outside: Path, what: str) -> None:
    file = outside / "file"
    assert tried([str(inside)], (what, file), ("read", file)) == ["refused", "done"]
    assert file.read_text() == "as it was"


@linux
@pytest.mark.parametrize("what", ["write", "make", "link", "child"])
def test_nothing_is_made_outside(inside: Path, outside: Path, what: str) -> None:
    assert tried([str(inside)], (what, outside / "new")) == ["refused"]
    assert not (outside / "new").is_symlink()
    assert not (outside / "new").exists()


@linux
def test_inside_everything_goes_on(inside: Path) -> None:
    one, two = inside / "one", inside / "two"
    tries = (("write", one), ("truncate", one), ("rename", one), ("make", two), ("link", inside / "three"))
    assert tried([str(inside), "/dev"], *tries, ("write", Path("/dev/null"))) == ["done"] * 6


@linux
def test_a_place_may_be_a_file_or_be_missing(inside: Path, outside: Path) -> None:
    places = [str(outside / "file"), str(inside / "missing")]
    tries = (("write", outside / "file"), ("write", outside / "other"), ("make", inside / "missing"))
    assert tried(places, *tries) == ["done", "refused", "refused"]


def test_without_landlock_nothing_is_bound(inside: Path, outside: Path) -> None:
    assert tried([str(inside)], ("write", outside / "new"), without="landlock") == ["done"]
