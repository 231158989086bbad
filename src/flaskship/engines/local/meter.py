"""Measures replicas of this machine from outside: each one's process with those that it started."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

import psutil

from flaskship.model.usage import Use

LOOK_SECONDS = 1.0


async def measure(
    pids: Mapping[str, int],
    seconds: float,
    *,
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    report: Callable[[float], None] = lambda _: None,
) -> dict[str, Use]:
    """Look at the processes for so long; who ends meanwhile is left out. Report hears the seconds so far."""
    began = now()
    before = {name: found for name, pid in pids.items() if (found := _look(pid)) is not None}
    memory = {name: found[1] for name, found in before.items()}
    last = before
    while (passed := now() - began) < seconds:
        await sleep(min(LOOK_SECONDS, seconds - passed))
        report(min(now() - began, seconds))
        last = {name: found for name in last if (found := _look(pids[name])) is not None}
        memory |= {name: max(memory[name], found[1]) for name, found in last.items()}
    span = now() - began
    return {
        name: Use(max(0.0, cpu - before[name][0]) / span * 1000 if span else 0.0, memory[name])
        for name, (cpu, _) in last.items()
    }


def _look(pid: int) -> tuple[float, int] | None:
    """Return the processor seconds and the memory of a process and its children; None where it is gone."""
    try:
        first = psutil.Process(pid)
        family: Iterable[psutil.Process] = (first, *first.children(recursive=True))
    except psutil.Error:
        return None
    seconds, memory = 0.0, 0
    for process in family:
        # A child may end between two lines; what is left still counts.
        with suppress(psutil.Error):
            times = process.cpu_times()
            seconds += times.user + times.system
            memory += _memory(process)
    return seconds, memory


def _memory(process: psutil.Process) -> int:
    """Return what the process has: pages shared by a family are counted once, where that is known."""
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    return int(getattr(full, "pss", full.rss))
