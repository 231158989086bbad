"""The logs of real replicas while they are written to: their bounds, and what keeping them costs."""

import asyncio
import contextlib

import pytest

from flaskship.engines.local.processes.changes import InotifyChanges, PollingChanges
from flaskship.engines.local.processes.logs import LogLine, LogTail
from flaskship.engines.local.supervisor import log_caps
from flaskship.engines.local.supervisor.log_caps import LogCaps

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
LONG_LINE = """
import os, time
time.sleep(0.3)
for _ in range(1024):
    os.write(1, b"x" * 1048576)
time.sleep(0.5)
os.write(1, b"\\nthe end\\n")
time.sleep(60)
"""


class Counted:
    """The changes of the system, and how often somebody was woken for one."""

    def __init__(self, changes):
        self._changes = changes
        self.watch, self.close = changes.watch, changes.close
        self.wakes = 0

    async def changed(self):
        found = await self._changes.changed()
        self.wakes += 1
        return found


@contextlib.asynccontextmanager
async def bounded(path, changes):
    caps = LogCaps(changes)
    task = asyncio.create_task(caps.run())
    caps.watch(path)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def ended(path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 20))
        return b"the end" in file.read(20)


async def lines_of(path, last: str) -> list[LogLine]:
    tail, lines = LogTail(path), []
    async with asyncio.timeout(60):
        while not lines or lines[-1].text != last:
            found = tail.read()
            lines += found
            await asyncio.sleep(0 if found else 0.01)
    return lines


@pytest.mark.parametrize("make", [InotifyChanges, PollingChanges])
async def test_ten_thousand_lines_a_second_arrive_whole_and_wake_nobody_for_each(home, make):
    spawner, changes = await home.open(), Counted(make())
    await home.python(spawner, "u1", FLOOD.format(rounds=200))
    async with bounded(home.log("u1"), changes):
        lines = await lines_of(home.log("u1"), "the end")
    assert [int(line.text.split()[1]) for line in lines[:-1]] == list(range(20_000))
    assert changes.wakes < 1000, "twenty in a second and a few: a busy machine takes longer"
    await spawner.close()


async def test_a_log_that_is_capped_while_it_is_written_stays_small(home, monkeypatch):
    monkeypatch.setattr(log_caps, "MOST_BYTES", 200_000)
    monkeypatch.setattr(log_caps, "KEPT_BYTES", 100_000)
    spawner = await home.open()
    await home.python(spawner, "u1", FLOOD.format(rounds=100))
    async with bounded(home.log("u1"), InotifyChanges()):
        lines = await lines_of(home.log("u1"), "the end")
    assert home.log("u1").stat().st_size < 800_000
    assert home.log("u1").with_name("u1.log.1").stat().st_size <= 100_000
    # How long the instant of a truncation is, a busy machine decides.
    assert len(lines) >= 9_000, "at most the instant of a truncation is lost"
    await spawner.close()


async def test_what_is_not_text_and_what_never_ends_are_contained(home):
    spawner = await home.open()
    script = r"printf 'caf\351\n'; head -c 3000000 /dev/zero | tr '\0' x; printf '\nthe end\n'; exec sleep 60"
    await home.sh(spawner, "u1", script)
    lines = await lines_of(home.log("u1"), "the end")
    assert [(line.text[:5], len(line.text), line.cut) for line in lines] == [
        ("caf�", 4, False),
        ("xxxxx", 65536, True),
        ("the e", 7, False),
    ]
    await spawner.close()


async def test_a_line_of_a_gibibyte_stays_near_the_cap(home):
    spawner = await home.open()
    await home.python(spawner, "u1", LONG_LINE)
    log, most = home.log("u1"), 0

    def on_disk() -> int:
        return sum(file.stat().st_size for file in log.parent.glob("u1.log*"))

    async with bounded(log, InotifyChanges()), asyncio.timeout(60):
        while not ended(log):
            with contextlib.suppress(FileNotFoundError):
                most = max(most, on_disk())
            await asyncio.sleep(0.001)
    # Some 70 to 140 MB of a writer of 2 GB/s: how much it is, disk and load decide.
    assert most < 300e6
    await spawner.close()
