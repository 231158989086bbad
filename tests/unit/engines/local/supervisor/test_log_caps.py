import asyncio
import contextlib

import pytest

from flaskship.engines.local.supervisor import log_caps
from flaskship.engines.local.supervisor.log_caps import (
    DEAF_SECONDS,
    HASTY_SECONDS,
    NEVER,
    LogCaps,
    Look,
    deaf_for,
)

MIB = 1024 * 1024


class Over(Exception):
    pass


class Told:
    """Files that change as the test says; what it does meanwhile may be more of it."""

    def __init__(self, *rounds):
        self.rounds = list(rounds)
        self.watched = []
        self.closed = False

    def watch(self, path):
        self.watched.append(path)

    async def changed(self):
        if not self.rounds:
            raise Over
        paths = self.rounds.pop(0)
        return frozenset(paths)

    def close(self):
        self.closed = True


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(log_caps, "MOST_BYTES", 1000)
    monkeypatch.setattr(log_caps, "KEPT_BYTES", 500)


async def look(changes, *, times=(0.0,), meanwhile=lambda: None):
    """Look as often as the files change; return the pauses."""
    pauses, left = [], list(times)

    async def sleep(seconds):
        pauses.append(seconds)
        meanwhile()

    with contextlib.suppress(Over):
        await LogCaps(changes).run(sleep, lambda: left.pop(0) if len(left) > 1 else left[0])
    return pauses


async def test_a_log_within_its_bounds_is_left_alone(tmp_path, small):
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 1000)
    assert await look(Told([log])) == []
    assert log.stat().st_size == 1000


async def test_a_log_beyond_keeps_its_last_lines_and_its_file(tmp_path, small):
    log = tmp_path / "web.log"
    log.write_bytes(b"".join(b"line %03d\n" % number for number in range(200)))
    inode = log.stat().st_ino
    await look(Told([log]))
    assert log.stat().st_size == 0
    assert (tmp_path / "web.log.1").read_bytes().endswith(b"line 199\n")
    assert (tmp_path / "web.log.1").stat().st_size == 495, "whole lines"
    assert log.stat().st_ino == inode  # a process that appends goes on in the same file


async def test_only_what_was_told_is_looked_at(tmp_path, small):
    told, silent = tmp_path / "told.log", tmp_path / "silent.log"
    for log in (told, silent):
        log.write_bytes(b"x\n" * 2000)
    await look(Told([told]))
    assert (told.stat().st_size, silent.stat().st_size) == (0, 4000)


async def test_a_log_that_is_not_there_hides_no_other(tmp_path, small):
    (tmp_path / "web.log").write_bytes(b"z\n" * 2000)
    await look(Told([tmp_path / "gone.log", tmp_path / "web.log"]))
    assert (tmp_path / "web.log").stat().st_size == 0


async def test_one_line_now_and_then_wakes_nobody_twice(tmp_path):
    log = tmp_path / "web.log"
    log.write_bytes(b"")
    assert await look(Told([log], [log], [log]), times=(0.0, 1.0, 2.0)) == []


async def test_a_log_that_goes_on_is_not_heard_for_a_moment(tmp_path):
    log = tmp_path / "web.log"
    log.write_bytes(b"")
    assert await look(Told([log], [log]), times=(0.0, 0.001)) == [DEAF_SECONDS]


async def test_a_calm_log_does_not_open_the_ear_for_one_that_goes_on(tmp_path):
    calm, busy = tmp_path / "calm.log", tmp_path / "busy.log"
    for log in (calm, busy):
        log.write_bytes(b"")
    assert await look(Told([busy], [busy, calm]), times=(0.0, 0.001)) == [DEAF_SECONDS]


async def test_the_watch_ends_with_the_task(tmp_path):
    changes = Told()
    await look(changes)
    assert changes.closed


def test_the_first_look_waits_for_nothing():
    assert deaf_for(NEVER, Look(5 * MIB, 7.0)) == 0.0


@pytest.mark.parametrize(
    ("before", "after", "seconds", "pause"),
    [
        (0, 100, 0.0001, DEAF_SECONDS),  # 10,000 short lines a second
        (0, 5 * MIB, 0.05, 0.025),  # a hundred MiB a second: 5 MiB are left, half of their time
        (0, 8 * MIB, 0.004, HASTY_SECONDS),
        (0, 200 * MIB, 0.05, HASTY_SECONDS),  # beyond the cap already
        (8 * MIB, 0, 0.05, DEAF_SECONDS),  # cut meanwhile
        (0, MIB, 3 * DEAF_SECONDS, 0.0),
    ],
)
def test_the_ear_opens_again_long_before_the_cap(before, after, seconds, pause):
    assert deaf_for(Look(before, 10.0), Look(after, 10.0 + seconds)) == pytest.approx(pause)


async def test_what_the_disk_refuses_is_not_asked_for_again_at_once(tmp_path, small, monkeypatch):
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 2000)

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(log_caps, "copy_truncate", refuse)
    assert await look(Told([log])) == [DEAF_SECONDS]


async def test_real_files_are_cut_while_they_are_written(tmp_path, small):
    log = tmp_path / "web.log"
    log.touch()
    caps = LogCaps()
    caps.watch(log)
    task = asyncio.create_task(caps.run())
    async with asyncio.timeout(20):
        while not (tmp_path / "web.log.1").exists():
            with log.open("ab") as file:
                file.write(b"a line\n")
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
