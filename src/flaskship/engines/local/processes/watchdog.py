"""Watches resident memory and the number of processes where no cgroup is permitted.

It looks ten times a second, so that a replica can exceed its limit for an instant; CPU is not held.
RLIMIT_AS and RLIMIT_DATA are no substitute: servers start under them and then drop connections.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from flaskship.engines.local.processes import proc
from flaskship.engines.local.processes.identity import ProcessIdentity, alive, find_by_environment
from flaskship.engines.local.processes.limits import Cell, Description, Limits, Usage
from flaskship.model.frozen import dataclass

SECONDS = 0.1
PROCESSES = "processes"
_FULL_SCAN_EVERY = 50
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Excess:
    """A replica over its limit: of what, how much it used, and what it may."""

    uid: str
    resource: str
    used: int
    limit: int


OnExcess = Callable[[Excess], Awaitable[None]]


@dataclass(slots=True)
class WatchedCell:
    """One replica under watch."""

    uid: str
    limits: Limits
    forget: Callable[[str], None]
    rlimits: dict[str, int] = field(default_factory=dict)
    join: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    pid: int | None = None
    strays: tuple[ProcessIdentity, ...] = ()
    peak: int = 0

    def started(self, pid: int) -> None:
        """Learn the main process."""
        self.pid = pid

    def family(self, root: Path) -> tuple[int, ...]:
        """Return the main process, its descendants, and the strays that the last full scan found."""
        main = () if self.pid is None else (self.pid,)
        return descendants((*main, *(stray.pid for stray in self.strays if alive(stray, root))), root)

    def usage(self) -> Usage:
        """Return what its processes use now."""
        pids = self.family(proc.PROC)
        memory = sum(resident(pid) for pid in pids)
        self.peak = max(self.peak, memory)
        seconds = sum(processor_seconds(pid) for pid in pids)
        # Kills of the watchdog are no kills of the kernel: who asked for them knows that they were its own.
        return Usage(memory, self.peak, cpu_seconds=seconds, processes=len(pids))

    def members(self) -> tuple[int, ...]:
        """Return its processes, as far as they are known."""
        return self.family(proc.PROC)

    def seal(self) -> None:
        """Nothing here can stop a process from forking."""

    def remove(self) -> bool:
        """Stop watching."""
        self.forget(self.uid)
        return True


class Watchdog:
    """Tells the supervisor who is over a limit; the supervisor kills, so that it knows why."""

    def __init__(self, project: Path | str, on_excess: OnExcess, root: Path = proc.PROC) -> None:
        self._project = project
        self._on_excess = on_excess
        self._root = root
        self._cells: dict[str, WatchedCell] = {}
        self._looks = 0

    def describe(self) -> Description:
        """Say that this is a watch, not a wall."""
        held = ("memory (resident, looked at every 100 ms)", "processes (counted every 100 ms)")
        return Description("watchdog", held, ("CPU", "memory taken and given back within 100 ms"))

    def create(self, uid: str, limits: Limits) -> Cell:
        """Return a cell under watch, its number of processes also limited by RLIMIT_NPROC."""
        rlimits = {} if limits.pids is None else {"NPROC": own_threads(self._root) + limits.pids}
        self._cells[uid] = WatchedCell(uid, limits, self._forget, rlimits)
        return self._cells[uid]

    def adopt(self, uid: str, limits: Limits, pid: int) -> Cell:
        """Return a cell for a replica that already runs."""
        cell = self.create(uid, limits)
        cell.started(pid)
        return cell

    def left_by(self, uid: str) -> Cell | None:
        """Watch it no longer and return None: the number of an ended process may be another's by now."""
        self._forget(uid)
        return None

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(SECONDS)
            for excess in self.look():
                await self._on_excess(excess)

    def look(self) -> tuple[Excess, ...]:
        """Return who is over a limit now."""
        if not self._cells:
            return ()
        if self._looks % _FULL_SCAN_EVERY == 0:
            self._find_strays()
        self._looks += 1
        judged = (self._judge(cell) for cell in list(self._cells.values()))
        return tuple(excess for excess in judged if excess is not None)

    def _judge(self, cell: WatchedCell) -> Excess | None:
        pids = cell.family(self._root)
        if cell.limits.pids is not None and len(pids) > cell.limits.pids:
            return Excess(cell.uid, PROCESSES, len(pids), cell.limits.pids)
        if cell.limits.memory is None:
            return None
        used = sum(resident(pid, self._root) for pid in pids)
        cell.peak = max(cell.peak, used)
        if used <= cell.limits.memory:
            return None
        used = sum(proportional(pid, self._root) for pid in pids)
        if used <= cell.limits.memory:
            return None
        return Excess(cell.uid, "memory", used, cell.limits.memory)

    def _find_strays(self) -> None:
        marked = find_by_environment(self._project, self._root)
        for uid, cell in self._cells.items():
            tree = () if cell.pid is None else descendants((cell.pid,), self._root)
            cell.strays = tuple(found for found in marked.get(uid, ()) if found.pid not in tree)

    def _forget(self, uid: str) -> None:
        self._cells.pop(uid, None)


def descendants(leaders: tuple[int, ...], root: Path = proc.PROC) -> tuple[int, ...]:
    """Return these living processes and all below them."""
    if not root.is_dir():
        return _descendants_portably(leaders)
    found: dict[int, None] = {}
    waiting = list(leaders)
    while waiting:
        pid = waiting.pop()
        if pid in found:
            continue
        try:
            # Read of every replica again and again: a Path for each file would be most of the work.
            tasks = os.listdir(f"{root}/{pid}/task")  # noqa: PTH208
        except OSError:
            continue
        found[pid] = None
        for task in tasks:
            with suppress(OSError), open(f"{root}/{pid}/task/{task}/children", "rb") as file:  # noqa: PTH123
                waiting += map(int, file.read().split())
    return tuple(found)


def resident(pid: int, root: Path = proc.PROC) -> int:
    """Return the resident bytes of a process, shared pages included; 0 when it is gone."""
    if not root.is_dir():
        return _resident_portably(pid)
    try:
        return int((root / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def proportional(pid: int, root: Path = proc.PROC) -> int:
    """Return the bytes of a process with shared pages counted once among their sharers."""
    try:
        lines = (root / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return resident(pid, root)
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def processor_seconds(pid: int, root: Path = proc.PROC) -> float:
    """Return the processor time of a process; 0 when it is gone."""
    if not root.is_dir():
        return _processor_seconds_portably(pid)
    try:
        raw = (root / str(pid) / "stat").read_bytes()
    except OSError:
        return 0.0
    fields = raw[raw.rindex(b")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def own_threads(root: Path = proc.PROC) -> int:
    """Return how many threads this user runs now: what RLIMIT_NPROC counts."""
    if not root.is_dir():
        return _own_threads_portably()
    threads = 0
    for pid in proc.own_pids(root):
        with suppress(OSError):
            threads += sum(1 for _ in (root / str(pid) / "task").iterdir())
    return threads


def _descendants_portably(leaders: tuple[int, ...]) -> tuple[int, ...]:
    import psutil

    found: dict[int, None] = {}
    for leader in leaders:
        try:
            process = psutil.Process(leader)
            below = process.children(recursive=True)
        except psutil.Error:
            continue
        found |= dict.fromkeys((leader, *(child.pid for child in below)))
    return tuple(found)


def _processor_seconds_portably(pid: int) -> float:
    import psutil

    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _own_threads_portably() -> int:
    import psutil

    threads = 0
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == os.getuid():
                threads += process.num_threads()
    return threads


def _resident_portably(pid: int) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
