"""Replicas that take too much: by the control groups of this machine, and by the watchdog."""

import asyncio
import resource
import signal
import sys

import pytest

from flaskship.engines.local.processes.containment import choose_containment
from flaskship.engines.local.processes.limits import Containment, Limits
from flaskship.engines.local.processes.signals import kill_all
from flaskship.engines.local.processes.watchdog import Excess, Watchdog

MIB = 2**20
GREEDY = "x = bytearray({mib} * 2**20); print('allocated', flush=True); import time; time.sleep(60)"
BOMB = """
import os, time
made = 0
for _ in range({tries}):
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        break
    made += 1
print("made", made, flush=True)
time.sleep(60)
"""


async def nobody(_: Excess) -> None:
    raise AssertionError("there is no watchdog here")


def control_groups(home) -> Containment:
    chosen = choose_containment(home.folder, watchdog=lambda: Watchdog(home.folder, nobody))
    if chosen.describe().kind not in ("cgroup1", "cgroup2"):
        pytest.skip(f"this user may make no control groups here: {chosen.describe()}")
    return chosen


async def removed(home, cell) -> None:
    await home.until(cell.remove)


async def test_memory_beyond_the_limit_is_killed_by_the_kernel_and_attributed(home):
    spawner = await home.open()
    cell = control_groups(home).create("u1", Limits(memory=48 * MIB))
    await home.python(spawner, "u1", GREEDY.format(mib=200), cgroup=list(cell.join))
    ended = await home.ending(spawner, "u1")
    usage = cell.usage()
    assert usage.oom_kills == 1
    assert usage.peak is not None
    assert usage.peak <= 48 * MIB
    assert ended.ending.signal == signal.SIGKILL
    await removed(home, cell)
    await spawner.close()


async def test_a_replica_within_its_limits_runs(home):
    spawner = await home.open()
    containment = control_groups(home)
    cell = containment.create("u1", Limits(memory=200 * MIB, cpu_milli=500, cpu_request_milli=100, pids=10))
    record = await home.python(spawner, "u1", GREEDY.format(mib=20), cgroup=list(cell.join))
    await home.said("u1", "allocated")
    usage = cell.usage()
    assert usage.oom_kills == 0
    assert usage.memory is not None
    assert usage.memory > 20 * MIB
    assert (usage.processes or 1) == 1
    assert not cell.remove(), "a group with a process in it stays"
    again = containment.adopt("u1", Limits(), record.pid)
    assert again.join == cell.join
    await spawner.signal("u1", 9)
    assert (await home.ending(spawner, "u1")).ending.signal == 9
    assert cell.usage().oom_kills == 0, "killed from outside is not killed by the limit"
    await removed(home, cell)
    await spawner.close()


async def test_a_fork_bomb_stops_at_its_limit_and_goes_whole(home):
    spawner = await home.open()
    containment = control_groups(home)
    if "processes" not in containment.describe().contained:
        pytest.skip(f"no pids controller here: {containment.describe()}")
    cell = containment.create("u1", Limits(pids=12))
    record = await home.python(spawner, "u1", BOMB.format(tries=40), cgroup=list(cell.join))
    await home.said("u1", "made 11")
    killed, left = await kill_all(home.folder, "u1", home.identity(record))
    assert (len(killed), left) == (12, ())
    await removed(home, cell)
    await spawner.close()


async def test_one_that_forks_without_end_is_sealed_in_and_ends(home):
    spawner = await home.open()
    containment = control_groups(home)
    if "processes" not in containment.describe().contained:
        pytest.skip(f"no pids controller here: {containment.describe()}")
    cell = containment.create("u1", Limits(pids=8))
    chain = "for _ in range(5000):\n    if os.fork():\n        os._exit(0)\n    os.setsid()"
    script = f"import os\nprint('set', flush=True)\n{chain}"
    await home.python(spawner, "u1", script, cgroup=list(cell.join))
    await home.said("u1", "set")
    _, left = await kill_all(home.folder, "u1", None, cell=cell)
    assert (cell.members(), left) == ((), ())
    await removed(home, cell)
    await spawner.close()


async def test_children_of_a_replica_share_its_limit(home):
    spawner = await home.open()
    cell = control_groups(home).create("u1", Limits(memory=64 * MIB))
    script = f"import os, time\nfor _ in range(2): os.fork()\n{GREEDY.format(mib=30)}"
    record = await home.python(spawner, "u1", script, cgroup=list(cell.join))
    await home.until(lambda: (cell.usage().oom_kills or 0) > 0)
    assert (cell.usage().peak or 0) <= 64 * MIB
    await kill_all(home.folder, "u1", home.identity(record))
    await removed(home, cell)
    await spawner.close()


async def test_the_watchdog_tells_of_memory_so_that_it_can_be_killed_and_attributed(home):
    spawner = await home.open()
    told: asyncio.Queue[Excess] = asyncio.Queue()
    dog = Watchdog(home.folder, told.put)
    watching = asyncio.create_task(dog.run())
    modest, greedy = dog.create("u1", Limits(memory=200 * MIB)), dog.create("u2", Limits(memory=64 * MIB))
    one = await home.python(spawner, "u1", GREEDY.format(mib=20), rlimits=modest.rlimits)
    two = await home.python(spawner, "u2", GREEDY.format(mib=120), rlimits=greedy.rlimits)
    modest.started(one.pid)
    greedy.started(two.pid)
    excess = await asyncio.wait_for(told.get(), 20)
    assert (excess.uid, excess.resource, excess.limit) == ("u2", "memory", 64 * MIB)
    assert excess.used > 64 * MIB
    await kill_all(home.folder, "u2", home.identity(two))
    assert (await home.ending(spawner, "u2")).ending.signal == 9
    assert (modest.usage().memory or 0) > 20 * MIB
    assert modest.usage().processes == 1
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await spawner.close()


async def test_the_watchdog_tells_of_a_fork_bomb(home):
    spawner = await home.open()
    dog = Watchdog(home.folder, nobody)
    cell = dog.create("u1", Limits(pids=12))
    record = await home.python(spawner, "u1", BOMB.format(tries=30))
    cell.started(record.pid)
    excesses: list[Excess] = []
    await home.until(lambda: excesses.extend(dog.look()) or excesses)
    assert (excesses[0].resource, excesses[0].limit) == ("processes", 12)
    _, left = await kill_all(home.folder, "u1", home.identity(record))
    assert left == ()
    await spawner.close()


async def test_a_server_boots_under_the_watchdogs_limits(home):
    spawner = await home.open()
    rlimits = Watchdog(home.folder, nobody).create("u1", Limits(memory=64 * MIB)).rlimits
    script = "from resource import *; print(getrlimit(RLIMIT_AS), getrlimit(RLIMIT_DATA))"
    await home.python(spawner, "u1", script, rlimits=rlimits)
    await home.ending(spawner, "u1")
    ours = resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_DATA)
    assert home.log("u1").read_text().strip() == f"{ours[0]} {ours[1]}"
    assert sys.platform != "linux" or rlimits
    await spawner.close()
