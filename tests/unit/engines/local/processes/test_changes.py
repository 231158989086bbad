import asyncio
from pathlib import Path

import pytest

from flaskship.engines.local.processes.changes import Change, InotifyChanges, PollingChanges, file_changes


def inotify():
    return InotifyChanges()


def polling():
    return PollingChanges(seconds=0.01)


@pytest.mark.parametrize("make", [inotify, polling])
async def test_growth_is_told_to_its_own_waiter(tmp_path: Path, make):
    one, two = tmp_path / "one", tmp_path / "two"
    one.touch()
    two.touch()
    changes = make()
    first, second = changes.watch(one), changes.watch(two)
    other = asyncio.ensure_future(second.wait())
    one.write_text("grown")
    await asyncio.wait_for(first.wait(), 10)
    assert not other.done()
    other.cancel()
    await changes.close()


@pytest.mark.parametrize("make", [inotify, polling])
async def test_truncation_is_told_and_a_forgotten_file_is_not(tmp_path: Path, make):
    one = tmp_path / "one"
    one.write_text("long content")
    changes = make()
    change = changes.watch(one)
    one.write_text("")
    await asyncio.wait_for(change.wait(), 10)
    changes.unwatch(one)
    changes.unwatch(one)
    one.write_text("more")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(change.wait(), 0.1)
    await changes.close()


async def test_inotify_refuses_a_file_that_is_missing(tmp_path: Path):
    changes = inotify()
    with pytest.raises(OSError, match="missing"):
        changes.watch(tmp_path / "missing")
    await changes.close()


async def test_a_change_before_the_wait_is_not_lost():
    change = Change()
    change.notify()
    await asyncio.wait_for(change.wait(), 10)


async def test_linux_has_inotify():
    changes = file_changes()
    assert isinstance(changes, InotifyChanges)
    await changes.close()
