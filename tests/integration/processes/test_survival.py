"""kill -9 of the spawner and of the supervisor: nothing is lost, nothing is started twice."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest

from flaskship.engines.local.channel import ChannelClosed
from flaskship.engines.local.processes.identity import alive
from flaskship.engines.local.processes.watch import PidfdWatch, PollingWatch
from flaskship.engines.local.spawner.client import Spawner
from flaskship.engines.local.spawner.records import read_records


async def test_a_supervisor_that_leaves_loses_no_status(home):
    first = await home.open()
    await home.sh(first, "u1", "echo begun; while [ ! -e go ]; do sleep 0.02; done; exit 7")
    await home.said("u1", "begun")
    await first.close()
    (home.folder / "go").touch()
    await home.until(lambda: read_records(home.state)["u1"].ending)
    second = await Spawner.connect(home.socket)
    (child,) = await second.list()
    assert child.record.ending.exit_code == 7
    await second.close()


async def test_two_supervisors_both_hear(home):
    one = await home.open()
    two = await Spawner.connect(home.socket)
    await home.sh(one, "u1", "sleep 0.2; exit 4")
    heard = await asyncio.gather(home.ending(one, "u1"), home.ending(two, "u1"))
    assert [record.ending.exit_code for record in heard] == [4, 4]
    await one.close()
    await two.close()


async def test_children_survive_the_spawner_and_the_next_one_knows_them(home):
    first = await home.open()
    started = [await home.sh(first, f"u{number}", "echo begun; exec sleep 60") for number in range(3)]
    for record in started:
        await home.said(record.uid, "begun")
    await home.kill()
    with pytest.raises(ChannelClosed):
        await first.list()
    await first.close()
    assert all(alive(home.identity(record)) for record in started)
    assert all(home.living(record.uid) == (home.identity(record),) for record in started)

    second = await home.open()
    children = {child.record.uid: child.record for child in await second.list()}
    assert children == {record.uid: record for record in started}
    again = await home.sh(second, "u1", "echo twice")
    assert again == started[1]
    assert await second.signal("u0", signal.SIGTERM)
    ended = await home.ending(second, "u0")
    assert ended.ending.unknown, "no parent was there to collect the status"
    assert read_records(home.state)["u0"] == ended
    assert await second.signal("u1", signal.SIGKILL, group=True)
    assert (await home.ending(second, "u1")).ending.unknown
    await second.close()


async def test_what_ended_while_no_spawner_lived_is_recorded_as_unknown(home):
    first = await home.open()
    record = await home.sh(first, "u1", "sleep 60")
    await home.kill()
    os.kill(record.pid, signal.SIGKILL)
    await PidfdWatch().wait_gone(home.identity(record))
    await first.close()
    second = await home.open()
    (child,) = await second.list()
    assert child.record.ending.unknown
    assert read_records(home.state)["u1"].ending.unknown
    assert not await second.signal("u1", signal.SIGTERM)
    await second.close()


async def test_a_child_whose_record_was_lost_is_found_in_proc(home):
    first = await home.open()
    started = await home.sh(first, "u1", "echo begun; exec sleep 60")
    await home.said("u1", "begun")
    await home.kill()
    await first.close()
    shutil.rmtree(home.state)
    second = await home.open()
    found = await home.sh(second, "u1", "echo twice")
    assert (found.pid, found.start_time) == (started.pid, started.start_time)
    assert home.log("u1").read_text() == "begun\n"
    await second.close()


async def test_a_spawner_killed_while_it_starts_many_starts_none_twice(home):
    for _ in range(3):
        spawner = await home.open()
        asked = [
            asyncio.ensure_future(home.sh(spawner, f"u{number}", "echo begun; exec sleep 60"))
            for number in range(30)
        ]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        await home.kill()
        await asyncio.gather(*asked, return_exceptions=True)
        await spawner.close()
    last = await home.open()
    for number in range(30):
        await home.sh(last, f"u{number}", "echo begun; exec sleep 60")
    for number in range(30):
        await home.said(f"u{number}", "begun")
        assert home.log(f"u{number}").read_text() == "begun\n"
        assert len(home.living(f"u{number}")) == 1
    await last.close()


async def test_the_state_folder_may_vanish_and_come_back(home):
    spawner = await home.open()
    await home.sh(spawner, "u1", "sleep 60")
    home.state.rename(home.folder / "moved")
    home.state.write_text("in the way")
    await spawner.signal("u1", 9)
    assert (await home.ending(spawner, "u1")).ending.signal == 9
    home.state.unlink()
    # The folder is there a moment before the record is.
    await home.until(lambda: home.state.is_dir() and "u1" in read_records(home.state))
    assert read_records(home.state)["u1"].ending
    await spawner.close()


async def test_a_project_that_is_removed_stops_no_replica(home):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "exec sleep 60", cwd="/")
    shutil.rmtree(home.folder)
    assert (await spawner.hello())[0] == home.pid
    assert alive(home.identity(record))
    await spawner.signal("u1", 9)
    assert (await home.ending(spawner, "u1")).ending.signal == 9
    await spawner.close()


@pytest.mark.parametrize("watch", [PidfdWatch(), PollingWatch(0.01)])
async def test_the_end_of_a_stranger_is_seen(home, watch):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "exec sleep 60")
    waiting = asyncio.ensure_future(watch.wait_gone(home.identity(record)))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    os.kill(record.pid, signal.SIGKILL)
    await asyncio.wait_for(waiting, 10)
    await asyncio.wait_for(watch.wait_gone(home.identity(record)), 10)
    await spawner.close()


async def test_orphans_are_reaped_and_counted_for_their_replica(home):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "(sleep 0.2 & sleep 0.2 &) ; exec sleep 60")
    async with asyncio.timeout(20):
        while (await spawner.list())[0].orphans < 2:
            await asyncio.sleep(0.02)
    children = Path(f"/proc/{home.pid}/task/{home.pid}/children").read_text().split()
    assert children == [str(record.pid)], "no zombie is left"
    await spawner.close()
