import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flaskship.engines.local.images.interpreter import Interpreter, choose_interpreter, own_interpreter
from flaskship.engines.local.images.process import Job, Outcome

OURS = Interpreter("/usr/bin/python3.11", "3.11.2", "cpython-311", "linux-x86_64")


class Machine:
    """Programs that answer as they were told, and a count of how often they were run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.answers: dict[str, Outcome | Exception] = {}
        self.asked: list[str] = []

    def put(self, path: str, answer: Outcome | Exception, text: str = "\x7fELF") -> Path:
        program = self.root / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
        self.answers[str(program)] = answer
        return program

    async def __call__(self, job: Job, heard: Callable[[str], None]) -> Outcome:
        self.asked.append(job.argv[0])
        answer = self.answers[job.argv[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def choose(self, asked: str | None) -> tuple[Interpreter, bool]:
        environment = {"PATH": f"relative::{self.root}/bin", "HOME": str(self.root / "home")}
        return await choose_interpreter(asked, environment, self.root / "cache.json", self, OURS)


def answer(version: str, status: int = 0) -> Outcome:
    return Outcome(status, (json.dumps([list(map(int, version.split("."))), "tag", "platform"]),))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(("asked", "stands_in"), [("3.11", False), ("3", True), (None, True), ("3.99", True)])
async def test_ours_is_used_where_it_fits_or_nothing_else_is_there(
    machine: Machine, asked: str | None, stands_in: bool
) -> None:
    assert await machine.choose(asked) == (OURS, stands_in)
    assert machine.asked == []


async def test_one_on_the_path_is_run_once_and_remembered(machine: Machine) -> None:
    program = machine.put("bin/python3.12", answer("3.12.7"))
    found = (Interpreter(str(program), "3.12.7", "tag", "platform"), False)
    assert await machine.choose("3.12") == found
    assert await machine.choose("3.12") == found
    assert machine.asked == [str(program)]


async def test_a_changed_program_is_asked_again(machine: Machine) -> None:
    machine.put("bin/python3.12", answer("3.12.7"))
    await machine.choose("3.12")
    machine.put("bin/python3.12", answer("3.12.8"), "\x7fELF and more")
    assert (await machine.choose("3.12"))[0].version == "3.12.8"


@pytest.mark.parametrize(
    "outcome",
    [
        answer("3.12.7", status=1),
        answer("3.10.1"),
        Outcome(0, ()),
        Outcome(0, ("hello",)),
        Outcome(0, ("[1]",)),
        Outcome(127, ("pyenv: python3.12: command not found",)),
        OSError("no such interpreter"),
        TimeoutError(),
    ],
)
async def test_one_that_does_not_really_run_is_passed_over(
    machine: Machine, outcome: Outcome | Exception
) -> None:
    machine.put("bin/python3.12", outcome)
    assert await machine.choose("3.12") == (OURS, True)


async def test_a_switchers_shim_is_not_even_run_but_what_it_would_switch_to_is(machine: Machine) -> None:
    machine.put("bin/python3.12", OSError(), '#!/usr/bin/env bash\nexec "/x/pyenv" exec "$0" "$@"\n')
    machine.put("home/.pyenv/versions/3.12.9/bin/python3.12", answer("3.12.9"))
    newest = machine.put("home/.pyenv/versions/3.12.10/bin/python3.12", answer("3.12.10"))
    found, stands_in = await machine.choose("3.12")
    assert (found.version, stands_in) == ("3.12.10", False)
    assert machine.asked == [str(newest)]


async def test_versions_that_belong_to_somebody_else_are_no_harm(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.stat

    def closed(path: Any, *more: Any, **options: Any) -> os.stat_result:
        if ".pyenv" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more, **options)

    machine.put("home/.pyenv/versions/3.12.9/bin/python3.12", answer("3.12.9"))
    (machine.root / "home/.pyenv").chmod(0)
    monkeypatch.setattr(os, "stat", closed)
    monkeypatch.setattr(os, "access", lambda path, mode: ".pyenv" not in str(path))
    assert await machine.choose("3.12") == (OURS, True)
    (machine.root / "home/.pyenv").chmod(0o700)


async def test_a_damaged_memory_is_no_harm(machine: Machine) -> None:
    machine.put("bin/python3.12", answer("3.12.7"))
    for text in ("{", "[]", '{"x": 1}'):
        (machine.root / "cache.json").write_text(text)
        assert (await machine.choose("3.12"))[0].version == "3.12.7"


async def test_a_memory_that_cannot_be_written_is_no_harm(machine: Machine) -> None:
    machine.put("bin/python3.12", answer("3.12.7"))
    (machine.root / "cache.json").mkdir()
    assert (await machine.choose("3.12"))[0].version == "3.12.7"


def test_our_own_is_outside_of_any_virtual_environment() -> None:
    ours = own_interpreter()
    assert Path(ours.executable).exists()
    assert ".venv" not in ours.executable
    assert ours.minor.startswith("3.")
