"""What the machine is, and what its processes use."""

import contextlib
import os
import platform
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where figures come from; load is the one-minute average before the run."""

    processor: str
    cores: int
    memory_mib: int
    system: str
    python: str
    load: float

    def __str__(self) -> str:
        return (
            f"{self.cores} x {self.processor}, {self.memory_mib} MiB, {self.system}, Python {self.python}, "
            f"load before {self.load:.2f}"
        )


def describe() -> Machine:
    processor = platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        processor = found[1] if found else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    system = f"{platform.system()} {platform.release()}"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(processor, cores, memory, system, platform.python_version(), os.getloadavg()[0])


def family(pid: int) -> tuple[int, ...]:
    """Return a process and its descendants."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return tuple(found)


def seconds_used(pids: Iterable[int]) -> float:
    """Return the processor time of the processes so far, finer than the clock ticks of /proc/PID/stat."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def pss_mib(pid: int) -> float:
    """Return the memory of a process with its share of what it has in common with others."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def free_port(first: int = 0) -> int:
    """Return a loopback port that nobody listens on, from the given one upwards."""
    for port in range(first, 65536) if first else (0,):
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return int(sock.getsockname()[1])
    raise SystemExit(f"no port from {first} upwards is free")
