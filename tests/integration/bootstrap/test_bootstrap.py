"""make up and make test begin here: one sentence with the way out for whatever a machine lacks."""

import importlib.util
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = ("scripts/bootstrap.py", "pyproject.toml", "requirements/flaskship.txt", "requirements/dev.txt")
# `make test` runs these tests, and what it was told is not for the make that they run.
OUTSIDE_MAKE = {
    name: value
    for name, value in os.environ.items()
    if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHON")
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in FILES:
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, target)
    return tmp_path


def bootstrap(
    project: Path, *, python: str = sys.executable, before: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the script; `before` is Python that spoils the machine first."""
    script = f"{before}\nimport runpy, sys\nsys.argv[0] = {str(project / FILES[0])!r}\n"
    script += "runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.run(
        [python, "-c", script],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, **environment},
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the sentence; there is one, it has the right exit code, and nothing looks like a traceback."""
    assert done.returncode == 4, done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr


def test_a_python_that_is_too_old_is_told(project: Path) -> None:
    done = bootstrap(project, before="import sys; sys.version_info = (3, 9, 2)")
    assert "needs Python 3.11 or later, and this is 3.9" in refused(done)
    assert not (project / ".venv").exists()


def test_a_missing_venv_module_is_told_with_the_package_to_install(project: Path) -> None:
    done = bootstrap(project, before="import sys; sys.modules['ensurepip'] = None")
    assert "apt install python3-venv" in refused(done)
    assert not (project / ".venv").exists()


def test_a_full_disk_is_told_before_anything_is_made(project: Path) -> None:
    full = "import shutil; shutil.disk_usage = lambda _: type('U', (), {'free': 5 * 2**20})()"
    assert "has 5 MB free" in refused(bootstrap(project, before=full))
    assert not (project / ".venv").exists()


def test_a_folder_that_cannot_be_written_is_told(project: Path) -> None:
    locked = "import os; access = os.access; os.access = lambda p, m: m != os.W_OK and access(p, m)"
    assert "cannot be written" in refused(bootstrap(project, before=locked))


def test_an_index_that_cannot_be_reached_is_told_and_the_next_run_goes_on(project: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
    sentence = refused(bootstrap(project, **nowhere))
    assert "check the network" in sentence
    assert "PIP_INDEX_URL" in sentence
    assert not (project / ".venv/.installed-runtime").exists()
    assert "virtual environment" not in bootstrap(project, **nowhere).stdout


def test_what_is_installed_already_is_left_alone() -> None:
    before = (ROOT / ".venv/.installed-dev").stat().st_mtime_ns
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/bootstrap.py", "runtime"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert (ROOT / ".venv/.installed-dev").stat().st_mtime_ns == before


def test_sources_are_compiled_though_python_is_told_to_write_no_bytecode(project: Path) -> None:
    script = runpy.run_path(str(project / FILES[0]))
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/flaskship").touch()
    wanted = script["fingerprint"](project / "requirements/flaskship.txt")
    (project / ".venv/.installed-runtime").write_text(wanted)
    (project / "src/package").mkdir(parents=True)
    source = project / "src/package/module.py"
    source.write_text("ANSWER = 42\n")
    (project / "src/package/broken.py").write_text("def\n")
    done = bootstrap(project, PYTHONDONTWRITEBYTECODE="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert Path(importlib.util.cache_from_source(source)).exists()


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8", "3.10"])
def test_old_pythons_read_the_script_far_enough_to_say_so(project: Path, version: str) -> None:
    found = shutil.which(f"python{version}")
    runs = found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0
    if not runs:
        pytest.skip(f"no Python {version} on this machine")
    done = subprocess.run(
        [found, project / FILES[0]], capture_output=True, text=True, timeout=30, check=False
    )
    assert f"this is {version}" in refused(done)


@pytest.mark.parametrize("chosen_by", ["argument", "environment"])
def test_a_chosen_python_that_is_missing_or_too_old_is_refused_and_not_replaced(
    project: Path, chosen_by: str
) -> None:
    shutil.copy(ROOT / "Makefile", project)
    old = project / "python2.7"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for python in (str(old), str(project / "missing")):
        choice = f"PYTHON={python}"
        words = (
            ["make", "bootstrap", choice] if chosen_by == "argument" else ["env", choice, "make", "bootstrap"]
        )
        done = subprocess.run(
            words, cwd=project, capture_output=True, text=True, timeout=100, check=False, env=OUTSIDE_MAKE
        )
        assert f"error: {choice} is no Python 3.11 or later that runs here" in done.stderr
        assert "Error 4" in done.stderr
        assert not (project / ".venv").exists()


def test_the_chosen_python_is_the_one_that_runs(project: Path) -> None:
    shutil.copy(ROOT / "Makefile", project)
    mine = project / "mine"
    mine.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exec {sys.executable} "$@"\necho "chosen for $2"\n')
    mine.chmod(0o755)
    done = subprocess.run(
        ["make", "bootstrap", f"PYTHON={mine}"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=OUTSIDE_MAKE,
    )
    assert (done.returncode, done.stdout) == (0, "chosen for runtime\n")
