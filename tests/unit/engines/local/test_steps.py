"""Steps are named once, and silent unless a crash test armed them."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from flaskship.engines.local import steps
from flaskship.engines.local.steps import Fault, step
from flaskship.model.errors import ConfigurationError

STEP = step("a_step_of_this_test")
# The suite that enumerates the steps may run in this process: it must not meet this one.
del steps._known[STEP.name]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(steps._known, STEP.name, STEP)


KILLER = """
from flaskship.engines.local import steps
import os
STEP = steps.step("a_step")
steps.arm(os.environ, "/project", lambda: None)
for number in range(3):
    print("turn", number, flush=True)
    with STEP:
        print("inside", number, flush=True)
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    steps.disarm()


def test_a_step_is_known_by_its_name() -> None:
    assert STEP.name in steps.names()


def test_a_fault_names_step_side_and_process() -> None:
    assert steps.parse(f"{STEP.name}:before:router") == Fault(STEP.name, "before", "router", 1)
    assert steps.parse(f"{STEP.name}:after:cli:3") == Fault(STEP.name, "after", "cli", 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        STEP.name,
        "no_such_step:before:router",
        f"{STEP.name}:during:router",
        f"{STEP.name}:before:kernel",
        f"{STEP.name}:before:router:0",
        f"{STEP.name}:before:router:x",
    ],
)
def test_what_is_no_fault_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        steps.parse(text)
    assert "before|after" in str(refused.value.hint)


def test_nothing_happens_without_permission_and_the_variables_are_taken() -> None:
    environ = {steps.FAULT: "no_such_step:before:supervisor", "PATH": "/bin"}
    steps.arm(environ, "/project", lambda: None)
    with STEP:
        pass
    assert environ == {"PATH": "/bin"}


def test_an_armed_step_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    steps.arm({steps.ALLOWED: "1"}, "/project", lambda: None)
    with STEP:
        pass
    assert capsys.readouterr().err.splitlines() == ["armed ", f"step {STEP.name}"]


def test_a_failed_transition_has_no_after() -> None:
    seen: list[tuple[str, str]] = []
    step.reached = lambda name, side: seen.append((name, side))
    with pytest.raises(ValueError, match="no"), STEP:
        raise ValueError("no")
    assert seen == [(STEP.name, "before")]


@pytest.mark.parametrize(
    ("fault", "printed"),
    [
        ("a_step:before:supervisor", ["turn 0"]),
        ("a_step:after:supervisor", ["turn 0", "inside 0"]),
        ("a_step:before:supervisor:2", ["turn 0", "inside 0", "turn 1"]),
    ],
)
def test_the_process_dies_there_and_nowhere_else(fault: str, printed: list[str]) -> None:
    environ = {**os.environ, steps.ALLOWED: "1", steps.FAULT: fault}
    ended = subprocess.run([sys.executable, "-c", KILLER], env=environ, capture_output=True, check=False)
    assert ended.returncode == -9
    assert ended.stdout.decode().splitlines() == printed
