"""When the router starts a supervisor again, and when it must not."""

import asyncio
import subprocess
import sys
from collections.abc import Callable

import pytest

from flaskship.engines.local.router import revival
from flaskship.engines.local.router.revival import Revival, pause

FIRST, SECOND = object(), object()


class Stage:
    """Counts the supervisors that were started; a moment is shorter than any wait of a test."""

    def __init__(self, fails: bool = False) -> None:
        self.started = 0
        self.fails = fails
        self.said: list[str] = []
        self.revival = Revival(self._start, lambda event, **_: self.said.append(event))

    def _start(self) -> "subprocess.Popen[bytes]":
        self.started += 1
        if self.fails:
            raise OSError("no room")
        return subprocess.Popen([sys.executable, "-S", "-c", ""])

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revival, "LOST_SECONDS", 0.01)
    monkeypatch.setattr(revival, "LEFT_SECONDS", 0.02)
    monkeypatch.setattr(revival, "pause", lambda attempt: 0.01)


def test_attempts_become_rarer_and_never_stop() -> None:
    waits = [pause(attempt, 1.0) for attempt in (0, 1, 2, 5, 6, 1000)]
    assert waits == [1, 2, 4, 32, 60, 60]


async def test_a_lost_supervisor_is_started() -> None:
    stage = Stage()
    stage.revival.attach(FIRST)
    stage.revival.closed(FIRST)
    await stage.until(lambda: stage.started > 0)
    stage.revival.attach(SECOND)
    assert "supervisor.revived" in stage.said
    await stage.until(lambda: not stage.revival.sweep() and not stage.revival._children)


async def test_one_that_came_back_in_time_needs_no_other() -> None:
    stage = Stage()
    stage.revival.attach(FIRST)
    stage.revival.closed(FIRST)
    stage.revival.attach(SECOND)
    await asyncio.sleep(0.05)
    assert stage.started == 0


async def test_a_strangers_channel_changes_nothing() -> None:
    stage = Stage()
    stage.revival.closed(FIRST)
    stage.revival.attach(SECOND)
    stage.revival.closed(FIRST)
    await asyncio.sleep(0.05)
    assert stage.started == 0


async def test_while_another_is_there_nothing_is_started() -> None:
    stage = Stage()
    stage.revival.attach(FIRST)
    stage.revival.attach(SECOND)
    stage.revival.closed(FIRST)
    await asyncio.sleep(0.05)
    assert stage.started == 0


async def test_after_the_end_nothing_is_started() -> None:
    stage = Stage()
    stage.revival.attach(FIRST)
    stage.revival.end()
    stage.revival.closed(FIRST)
    await asyncio.sleep(0.05)
    assert stage.started == 0


async def test_one_that_left_is_followed_by_another_when_nobody_came() -> None:
    stage = Stage()
    stage.revival.attach(FIRST)
    stage.revival.leave(FIRST)
    stage.revival.closed(FIRST)
    await stage.until(lambda: stage.started > 0)
    stage.revival.end()


async def test_a_start_that_fails_is_tried_again() -> None:
    stage = Stage(fails=True)
    stage.revival.attach(FIRST)
    stage.revival.closed(FIRST)
    await stage.until(lambda: stage.started > 2)
    stage.revival.end()
    assert "supervisor.not_revived" in stage.said


async def test_one_that_dies_as_soon_as_it_is_there_is_started_ever_slower(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(revival, "pause", lambda attempt: asked.append(attempt) or 0.01)
    stage, now = Stage(), 0.0
    stage.revival._now = lambda: now
    for _ in range(3):
        before = stage.started
        stage.revival.attach(FIRST)
        now += 1.0
        stage.revival.closed(FIRST)
        await stage.until(lambda before=before: stage.started > before)
    assert sorted(set(asked)) == [0, 1, 2, 3]
    stage.revival.attach(FIRST)
    now += revival.SETTLED_SECONDS
    asked.clear()
    stage.revival.closed(FIRST)
    assert asked == [0]
    stage.revival.end()
