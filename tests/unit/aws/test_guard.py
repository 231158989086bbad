"""What runs a terraform, with real processes: it ends when whoever asked for it is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.aws.rehearsal import guard
from flaskship.aws.rehearsal.children import run_terraform
from flaskship.aws.rehearsal.workspace import OWNER, PREFIX, own_folder, remove_orphans

# Stands for terraform: has a plug-in in its group, and would run for minutes.
PLUGIN = "sleep 300 & echo $! >plugin; echo $$ >own; echo began; wait"


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].startswith("Z")
    except OSError:
        return True


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return work


def start(work: Path, script: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-S", guard.__file__, str(work), "sh", "-c", script]
    return subprocess.Popen(
        command,
        cwd=work,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_gives_the_code_and_the_words_of_its_command(work: Path) -> None:
    done = run_terraform(
        ["sh", "-c", "echo one; echo two >&2; exit 3"], work, {"HOME": str(work), **os.environ}
    )
    assert (done.code, set(done.lines)) == (3, {"one", "two"})
    assert work.is_dir()


def test_leaves_no_plug_in_of_a_command_that_ended(work: Path) -> None:
    with start(work, "sleep 300 >/dev/null & echo $! >plugin; exit 0") as child:
        assert child.wait(20) == 0
    assert until(lambda: gone(int((work / "plugin").read_text())))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_hands_a_signal_on_and_waits(work: Path, number: int) -> None:
    script = "trap 'echo told; exit 7' TERM INT; echo began; while :; do sleep 0.05; done"
    with start(work, script) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "began\n"
        child.send_signal(number)
        assert child.wait(20) == 7
        assert child.stdout.read() == "told\n"


def test_everything_ends_with_the_one_who_asked(work: Path) -> None:
    asker = subprocess.Popen(
        [sys.executable, "-c", ASKER, str(work), PLUGIN],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"HOME": str(work)},
    )
    assert asker.stdout is not None
    assert asker.stdout.readline() == "began\n"
    pids = [int((work / name).read_text()) for name in ("plugin", "own")]
    assert not any(gone(pid) for pid in pids)
    asker.kill()
    asker.wait()
    asker.stdout.close()
    assert until(lambda: all(gone(pid) for pid in pids))
    assert until(lambda: not work.exists())


ASKER = """
import os, sys
from pathlib import Path
from flaskship.aws.rehearsal.children import run_terraform
run_terraform(["sh", "-c", sys.argv[2]], Path(sys.argv[1]), os.environ, lambda line: print(line, flush=True))
"""


def test_one_that_hears_no_signal_is_killed_at_the_end_of_the_pipe(work: Path) -> None:
    with start(work, "trap '' TERM INT; echo began; while :; do sleep 0.05; done") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "began\n"
        child.send_signal(signal.SIGTERM)
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == 137


def test_a_folder_is_gone_after_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with own_folder() as folder:
        (folder / "state").write_text("")
        # Another rehearsal that begins now leaves it alone.
        remove_orphans(tmp_path)
        assert folder.is_dir()
        with own_folder() as second:
            assert {folder, second} == set(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_the_next_rehearsal_removes_what_the_last_one_had_to_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    orphan = tmp_path / f"{PREFIX}orphan"
    (orphan / "infra").mkdir(parents=True)
    (orphan / OWNER).write_text("")
    # Not ours by its name, or with no owner to ask: left.
    (tmp_path / "other").mkdir()
    (tmp_path / f"{PREFIX}without").mkdir()
    with own_folder() as folder:
        assert not orphan.exists()
        assert {one.name for one in tmp_path.iterdir()} == {"other", f"{PREFIX}without", folder.name}
