import os

import pytest

from flaskship.engines.local.processes import proc, signals

PROJECT = "/nobody/has/this/project"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A machine on which a new process appears between any two looks at it."""
    seen: list[int] = []

    def pids(*_: object) -> list[int]:
        seen.append(4_000_000 + len(seen))
        return [os.getpid(), seen[-1]]

    monkeypatch.setattr(proc, "all_pids", pids)
    return seen


async def slept(_: float) -> None:
    return None


async def test_what_others_fork_meanwhile_is_no_reason_to_look_again(looks: list[int]) -> None:
    assert await signals.kill_all(PROJECT, "u1", None, sleep=slept) == ((), ())
    assert len(looks) < 10


async def test_what_the_replica_forks_meanwhile_is(looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps: list[float] = []

    async def sleep(seconds: float) -> None:
        sweeps.append(seconds)

    def marks(pid: int, *_: object) -> object:
        # It was forked after the sweep began, and is gone when the next one looks.
        ours = pid >= 4_000_000 and pid == looks[-1] and not sweeps
        return proc.Marks(PROJECT, "u1") if ours else None

    monkeypatch.setattr(proc, "read_marks", marks)
    await signals.kill_all(PROJECT, "u1", None, sleep=sleep)
    assert sweeps
