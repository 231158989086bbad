"""Measures real processes; the clock is the test's, so that nothing waits and no time is asserted."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from flaskship.engines.local import meter

MIB = 2**20
EATER = """
import sys
held = bytearray(int(sys.argv[1]) * 2**20)
for index in range(0, len(held), 4096):
    held[index] = 1
print("ready", flush=True)
sys.stdin.read()
"""


class Clock:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def eater() -> Iterator["subprocess.Popen[str]"]:
    """A process that holds 64 MiB."""
    process = subprocess.Popen(
        [sys.executable, "-c", EATER, "64"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


async def test_memory_is_what_the_process_holds(eater: "subprocess.Popen[str]") -> None:
    clock = Clock()
    found = await meter.measure({"api": eater.pid}, 3, now=clock.now, sleep=clock.sleep)
    assert 64 * MIB < found["api"].memory_bytes < 128 * MIB
    assert clock.at == 3


async def test_processor_time_is_that_of_the_span_alone(
    eater: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    readings = iter([(10.0, 1), (10.5, 5), (12.0, 3)])
    monkeypatch.setattr(meter, "_look", lambda pid: next(readings))
    found = await meter.measure({"api": eater.pid}, 2, now=clock.now, sleep=clock.sleep)
    assert found["api"].cpu_milli == 1000  # 2 seconds of work in 2 seconds
    assert found["api"].memory_bytes == 5  # the most, not the last


async def test_who_ends_meanwhile_is_left_out(eater: "subprocess.Popen[str]") -> None:
    clock = Clock()

    async def sleep(seconds: float) -> None:
        eater.kill()
        eater.wait()
        await clock.sleep(seconds)

    assert await meter.measure({"api": eater.pid}, 2, now=clock.now, sleep=sleep) == {}


async def test_who_is_gone_already_is_left_out() -> None:
    clock = Clock()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert await meter.measure({"api": gone.pid}, 1, now=clock.now, sleep=clock.sleep) == {}


async def test_progress_is_told(eater: "subprocess.Popen[str]") -> None:
    clock = Clock()
    told: list[float] = []
    await meter.measure({"api": eater.pid}, 2.5, now=clock.now, sleep=clock.sleep, report=told.append)
    assert told == [1.0, 2.0, 2.5]
