"""Follows the logs of real replicas."""

import asyncio
import tracemalloc

import pytest

from flaskship.engines.local.processes.changes import InotifyChanges, PollingChanges
from flaskship.engines.local.processes.logs import LogLine, LogTail, follow

FLOOD = """
import sys, time
for second in range({rounds}):
    for number in range(100):
        sys.stdout.write(f"line {{second * 100 + number}} " + "y" * 80 + "\\n")
        sys.stdout.flush()
    time.sleep(0.01)
print("the end", flush=True)
time.sleep(60)
"""


async def collected(home, changes, uid: str, last: str, *, cap: int | None = None) -> list[LogLine]:
    await home.until(home.log(uid).exists)
    tail = LogTail(home.log(uid))
    change = changes.watch(home.log(uid))
    lines: list[LogLine] = []
    async with asyncio.timeout(60):
        async for batch in follow(tail, change, asyncio.sleep):
            lines += batch
            if cap is not None:
                tail.cap(most=cap, keep=cap // 2)
            if batch[-1].text == last:
                break
    changes.unwatch(home.log(uid))
    return lines


@pytest.mark.parametrize("make", [InotifyChanges, PollingChanges])
async def test_ten_thousand_lines_a_second_arrive_whole_and_in_order(home, make):
    spawner = await home.open()
    changes = make()
    await home.python(spawner, "u1", FLOOD.format(rounds=200))
    tracemalloc.start()
    lines = await collected(home, changes, "u1", "the end")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    numbers = [int(line.text.split()[1]) for line in lines[:-1]]
    assert numbers == list(range(20_000))
    assert peak < 40 * 2**20, "the lines collected here, and little beside"
    await changes.close()
    await spawner.close()


async def test_a_log_that_is_capped_while_it_is_written_stays_small(home):
    spawner = await home.open()
    changes = InotifyChanges()
    await home.python(spawner, "u1", FLOOD.format(rounds=100))
    lines = await collected(home, changes, "u1", "the end", cap=200_000)
    assert home.log("u1").stat().st_size < 800_000
    assert home.log("u1").with_name("u1.log.1").stat().st_size <= 110_000
    # How long that instant is, a busy machine decides.
    assert len(lines) >= 9_000, "at most the instant of a truncation is lost"
    await changes.close()
    await spawner.close()


async def test_what_is_not_text_and_what_never_ends_are_contained(home):
    spawner = await home.open()
    changes = InotifyChanges()
    script = r"printf 'caf\351\n'; head -c 3000000 /dev/zero | tr '\0' x; printf '\nthe end\n'; exec sleep 60"
    await home.sh(spawner, "u1", script)
    lines = await collected(home, changes, "u1", "the end")
    assert [(line.text[:5], len(line.text), line.cut) for line in lines] == [
        ("caf�", 4, False),
        ("xxxxx", 65536, True),
        ("the e", 7, False),
    ]
    await changes.close()
    await spawner.close()
