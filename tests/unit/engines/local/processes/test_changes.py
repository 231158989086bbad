import asyncio
import errno
import os
import struct
from pathlib import Path

import pytest

from flaskship.engines.local.processes import changes as module
from flaskship.engines.local.processes.changes import InotifyChanges, PollingChanges, file_changes


def polling():
    return PollingChanges(seconds=0.01)


@pytest.fixture(params=[InotifyChanges, polling])
def changes(request):
    found = request.param()
    yield found
    found.close()


@pytest.fixture
def inotify():
    found = InotifyChanges()
    yield found
    found.close()


def touched(folder: Path, *names: str) -> list[Path]:
    files = [folder / name for name in names]
    for file in files:
        file.touch()
    return files


async def told(changes):
    async with asyncio.timeout(20):
        return await changes.changed()


async def test_a_file_is_told_when_its_watch_begins_and_when_it_grows(tmp_path, changes):
    one, two = touched(tmp_path, "one", "two")
    changes.watch(one)
    changes.watch(two)
    assert await told(changes) == {one, two}
    waiting = asyncio.ensure_future(told(changes))
    await asyncio.sleep(0)
    one.write_text("grown")
    assert await waiting == {one}


async def test_a_watch_that_begins_wakes_who_waits(tmp_path, changes):
    (one,) = touched(tmp_path, "one")
    waiting = asyncio.ensure_future(told(changes))
    await asyncio.sleep(0)
    changes.watch(one)
    assert await waiting == {one}


async def test_what_happens_while_nobody_waits_is_told_once(tmp_path, changes):
    one, two = touched(tmp_path, "one", "two")
    changes.watch(one)
    changes.watch(two)
    await told(changes)
    for number in range(100):
        one.write_text("x" * number)
        two.write_text("y" * number)
    assert await told(changes) == {one, two}
    waiting = asyncio.ensure_future(changes.changed())
    done, _ = await asyncio.wait((waiting,), timeout=0.05)
    assert not done
    waiting.cancel()


async def test_a_removed_file_is_told_a_last_time_and_forgotten(tmp_path, changes):
    (one,) = touched(tmp_path, "one")
    changes.watch(one)
    await told(changes)
    one.unlink()
    assert await told(changes) == {one}
    one.write_text("another one")
    waiting = asyncio.ensure_future(changes.changed())
    done, _ = await asyncio.wait((waiting,), timeout=0.05)
    assert not done
    waiting.cancel()


async def test_truncation_and_what_follows_it_are_told(tmp_path, changes):
    (one,) = touched(tmp_path, "one")
    one.write_text("long content")
    changes.watch(one)
    await told(changes)
    os.truncate(one, 0)
    assert await told(changes) == {one}
    one.write_text("more")
    assert await told(changes) == {one}


async def test_who_stops_waiting_leaves_no_reader_behind(tmp_path, inotify):
    waiting = asyncio.ensure_future(inotify.changed())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not asyncio.get_running_loop().remove_reader(inotify._descriptor)


async def test_nothing_is_read_and_nobody_woken_while_nobody_waits(tmp_path, inotify):
    (one,) = touched(tmp_path, "one")
    inotify.watch(one)
    await told(inotify)
    one.write_text("x")
    await asyncio.sleep(0.01)
    assert not asyncio.get_running_loop().remove_reader(inotify._descriptor)
    assert await told(inotify) == {one}


async def test_events_that_the_kernel_dropped_tell_every_file(tmp_path, inotify, monkeypatch):
    one, two = touched(tmp_path, "one", "two")
    inotify.watch(one)
    inotify.watch(two)
    await told(inotify)
    overflow = struct.pack("iIII", -1, 0x4000, 0, 0)
    monkeypatch.setattr(module.os, "read", lambda _number, _count: overflow)
    assert await told(inotify) == {one, two}


async def test_files_beyond_the_systems_watches_are_looked_at(tmp_path):
    one, two = touched(tmp_path, "one", "two")
    inotify = InotifyChanges(polling())
    inotify.watch(one)

    class Exhausted:
        def inotify_add_watch(self, *_):
            return -errno.ENOSPC

    inotify._libc = Exhausted()
    inotify.watch(two)
    assert await told(inotify) == {one, two}
    two.write_text("grown")
    assert await told(inotify) == {two}
    inotify.close()


async def test_linux_has_inotify():
    changes = file_changes()
    assert isinstance(changes, InotifyChanges)
    changes.close()
