"""Ends replicas that do not want to end."""

import asyncio
import os
import signal

import pytest

from flaskship.engines.local.processes.identity import alive, processes_of
from flaskship.engines.local.processes.signals import kill_all, send, terminate
from flaskship.engines.local.processes.watch import PidfdWatch, PollingWatch

WATCHES = [PidfdWatch(), PollingWatch(0.01)]


async def over_at_once(_: float) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("watch", WATCHES)
async def test_a_gentle_one_ends_within_its_grace(home, watch):
    spawner = await home.open()
    record = await home.sh(
        spawner, "u1", "trap 'echo bye; exit 0' TERM; echo set; while :; do sleep 0.05; done"
    )
    await home.said("u1", "set")
    ended = await terminate(home.folder, "u1", home.identity(record), grace=60, watch=watch)
    assert (ended.asked, ended.in_grace, ended.left) == (True, True, ())
    assert (await home.ending(spawner, "u1")).ending.exit_code == 0
    assert "bye" in home.log("u1").read_text()
    await spawner.close()


@pytest.mark.parametrize("watch", WATCHES)
async def test_one_that_ignores_sigterm_is_killed_after_its_grace(home, watch):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "trap '' TERM; echo set; while :; do sleep 0.05; done")
    await home.said("u1", "set")
    ended = await terminate(home.folder, "u1", home.identity(record), grace=0.2, watch=watch)
    assert ended.asked
    assert not ended.in_grace
    assert home.identity(record) in ended.killed
    assert (await home.ending(spawner, "u1")).ending.signal == 9
    await spawner.close()


async def test_grandchildren_and_those_that_left_the_session_go_too(home):
    spawner = await home.open()
    leavers = "setsid sleep 63 & (setsid sh -c 'sleep 64 & sleep 65' &)"
    script = f"sleep 61 & (sleep 62 &) ; {leavers} ; echo set; sleep 66"
    record = await home.sh(spawner, "u1", script)
    await home.said("u1", "set")
    await home.until(lambda: len(home.living("u1")) >= 8)
    family = processes_of(home.folder, "u1", home.identity(record))
    ended = await terminate(home.folder, "u1", home.identity(record), grace=10)
    assert ended.left == ()
    assert not any(alive(member) for member in family)
    assert home.living("u1") == ()
    await spawner.close()


async def test_those_that_wiped_their_environment_go_too(home):
    spawner = await home.open()
    wiped = "env -i /usr/bin/sleep 61 & env -i /usr/bin/setsid /usr/bin/sleep 62 &"
    script = f"{wiped} echo set; trap '' TERM; sleep 63; sleep 64"
    record = await home.sh(spawner, "u1", script)
    await home.said("u1", "set")
    main = home.identity(record)
    await home.until(lambda: len(processes_of(home.folder, "u1", main)) >= 4 and len(home.living("u1")) == 2)
    family = processes_of(home.folder, "u1", main)
    ended = await terminate(home.folder, "u1", main, grace=60, sleep=over_at_once)
    assert ended.left == ()
    assert not any(alive(member) for member in family)
    await spawner.close()


async def test_grandchildren_left_by_a_main_process_that_ended_are_found(home):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "setsid sleep 61 & sleep 62 & exit 5")
    assert (await home.ending(spawner, "u1")).ending.exit_code == 5
    await home.until(lambda: len(home.living("u1")) == 2)
    ended = await terminate(home.folder, "u1", home.identity(record), grace=60)
    assert not ended.asked
    assert len(ended.killed) == 2
    assert home.living("u1") == ()
    await spawner.close()


async def test_a_frozen_one_may_still_end_by_itself(home):
    spawner = await home.open()
    record = await home.sh(
        spawner, "u1", "trap 'echo bye; exit 0' TERM; echo set; while :; do sleep 0.05; done"
    )
    await home.said("u1", "set")
    os.kill(record.pid, signal.SIGSTOP)
    ended = await terminate(home.folder, "u1", home.identity(record), grace=60)
    assert ended.in_grace
    assert (await home.ending(spawner, "u1")).ending.exit_code == 0
    await spawner.close()


async def test_frozen_grandchildren_go_too(home):
    spawner = await home.open()
    record = await home.sh(
        spawner, "u1", "sleep 61 & kill -STOP $!; echo set; trap '' TERM; sleep 62; sleep 63"
    )
    await home.said("u1", "set")
    os.kill(record.pid, signal.SIGSTOP)
    await terminate(home.folder, "u1", home.identity(record), grace=60, sleep=over_at_once)
    assert home.living("u1") == ()
    await spawner.close()


async def test_one_that_keeps_forking_ends(home):
    spawner = await home.open()
    script = """
import os, time
print("set", flush=True)
for _ in range(200):
    if os.fork():
        os._exit(0)
    os.setsid()
    os.write(1, b".")
    time.sleep(0.05)
"""
    await home.python(spawner, "u1", script)
    await home.said("u1", "set")
    await home.ending(spawner, "u1")
    killed, left = await kill_all(home.folder, "u1", None)
    assert killed
    assert left == ()
    size = home.log("u1").stat().st_size
    await asyncio.sleep(0.2)
    assert home.log("u1").stat().st_size == size, "nobody is left that writes"
    await spawner.close()


async def test_a_recycled_pid_is_never_signalled(home):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "exec sleep 60")
    other = home.identity(record._replace(start_time=record.start_time - 1))
    assert not send(other, signal.SIGKILL)
    ended = await terminate(home.folder, "another", other, grace=0, sleep=over_at_once)
    assert not ended.asked
    assert ended.killed == ()
    assert alive(home.identity(record))
    await spawner.close()


async def test_another_projects_replica_of_the_same_name_is_left_alone(home, tmp_path):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "exec sleep 60")
    killed, left = await kill_all(tmp_path, "u1", None)
    assert (killed, left) == ((), ())
    assert alive(home.identity(record))
    await spawner.close()


async def test_a_group_is_signalled_also_after_its_main_process_ended(home):
    spawner = await home.open()
    await home.sh(spawner, "u1", "sleep 61 & exit 0")
    await home.ending(spawner, "u1")
    await home.until(lambda: len(home.living("u1")) == 1)
    assert not await spawner.signal("u1", signal.SIGKILL)
    assert await spawner.signal("u1", signal.SIGKILL, group=True)
    await home.until(lambda: not home.living("u1"))
    assert not await spawner.signal("u1", signal.SIGKILL, group=True)
    await spawner.close()
