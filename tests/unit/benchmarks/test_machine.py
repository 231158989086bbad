import os
import subprocess
import sys
import time

from benchmarks import machine


def test_the_machine_is_described_in_one_line() -> None:
    here = machine.describe()
    assert here.cores >= 1
    assert here.memory_mib > 0
    assert "load before" in str(here)
    assert "\n" not in str(here)


def test_the_family_of_a_process_holds_its_grandchildren() -> None:
    inner = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(flush=True); input()'])"
    with subprocess.Popen(
        [sys.executable, "-c", inner], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        found = machine.family(process.pid)
        process.stdin.write(b"go\n")
        process.stdin.close()
    assert found[0] == process.pid
    assert len(found) == 2


def test_processor_time_and_memory_are_counted() -> None:
    before = machine.seconds_used((os.getpid(),))
    # The kernel counts at its own ticks: work over several of them, by the clock that counts work.
    until = time.process_time() + 0.05
    while time.process_time() < until:
        sum(range(10_000))
    assert machine.seconds_used((os.getpid(),)) > before > 0
    assert machine.pss_mib(os.getpid()) > 1


def test_a_free_port_is_at_or_above_the_one_asked_for() -> None:
    assert machine.free_port(40_000) >= 40_000
    assert machine.free_port() > 0
