"""make test: what fails twice has failed, what passes the second time is printed twice."""

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[3] / "scripts" / "run_tests.py"
spec = importlib.util.spec_from_file_location("run_tests", FILE)
assert spec
assert spec.loader
run_tests = importlib.util.module_from_spec(spec)
sys.modules["run_tests"] = run_tests
spec.loader.exec_module(run_tests)

# Fails as often as `times` says, and counts its runs in a file.
WEAK = """
import pathlib, pytest
count = pathlib.Path(__file__).with_name("count")
@pytest.mark.parametrize("number", range({tests}))
def test_weak(number):
    runs = count.read_text() if count.exists() else ""
    count.write_text(runs + f"{{number}} ")
    assert runs.split().count(str(number)) >= {times}
def test_sound():
    pass
"""


def suite(folder: Path, *, tests: int = 1, times: int = 0) -> list[str]:
    (folder / "test_weak.py").write_text(WEAK.format(tests=tests, times=times))
    return [str(folder), f"--rootdir={folder}"]


@pytest.fixture(autouse=True)
def swift(monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.mark.parametrize(
    ("tests", "times", "code", "runs"),
    [(1, 0, 0, 1), (1, 1, 0, 2), (1, 2, 1, 2), (2, 1, 0, 4), (6, 1, 1, 6)],
    ids=["passes", "passes the second time", "fails twice", "two of them", "more than a few"],
)
def test_what_fails_is_run_once_more(tmp_path, capfd, tests, times, code, runs):
    assert run_tests.run_twice("the weak", suite(tmp_path, tests=tests, times=times), ["-q"]) == code
    assert len((tmp_path / "count").read_text().split()) == runs
    told = capfd.readouterr().out
    assert told.count("== tests of the weak that failed, once more: ") == (runs > tests)
    assert (f"{tests} failed" in told) == (times > 0)


def test_no_tests_at_all_are_no_success(tmp_path):
    assert run_tests.run_twice("nothing", [str(tmp_path), f"--rootdir={tmp_path}"], ["-q"]) == 5


def test_a_cluster_has_to_be_named(capsys, monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert run_tests.main(["cluster"]) == 4
    assert "KUBECONFIG names no cluster" in capsys.readouterr().err
