"""A process that cannot be mistaken for another that got its pid later."""

import os
from contextlib import suppress
from pathlib import Path

from flaskship.engines.local.processes import proc
from flaskship.model.frozen import dataclass

UNKNOWN_START = 0
"""What a spawner writes down where there is no /proc to ask."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A pid with what tells it from every other holder of that pid: start time (clock ticks) and boot."""

    pid: int
    start_time: int
    boot_id: str


def identify(pid: int, root: Path = proc.PROC) -> ProcessIdentity | None:
    """Return the identity of a living process, None when it is gone or a zombie."""
    if not root.is_dir():
        return _identify_portably(pid)
    stat = proc.read_stat(pid, root)
    if stat is None or stat.ended:
        return None
    return ProcessIdentity(pid, stat.start_time, proc.boot_id(root))


def alive(identity: ProcessIdentity, root: Path = proc.PROC) -> bool:
    """Return whether this very process still runs; a zombie, a recycled pid and another boot do not count."""
    found = identify(identity.pid, root)
    if found is not None and identity.start_time == UNKNOWN_START:
        return found.boot_id == identity.boot_id
    return found == identity


def is_stopped(pid: int, root: Path = proc.PROC) -> bool:
    """Tell whether a signal or a debugger has stopped the process: it lives, and does nothing."""
    if not root.is_dir():
        return _is_stopped_portably(pid)
    stat = proc.read_stat(pid, root)
    return stat is not None and stat.state in "Tt"


def commands_of_mine(root: Path = proc.PROC) -> list[tuple[int, list[str]]]:
    """Return the command line of every living process of this user."""
    if not root.is_dir():
        return _commands_portably()
    return [(pid, words) for pid in proc.own_pids(root) if (words := proc.read_command(pid, root))]


def find_by_environment(
    project: Path | str, root: Path = proc.PROC
) -> dict[str, tuple[ProcessIdentity, ...]]:
    """Return the living processes of this user that carry the project's mark, by uid, oldest first."""
    if not root.is_dir():
        return _find_portably(str(project))
    boot = proc.boot_id(root)
    found: dict[str, tuple[ProcessIdentity, ...]] = {}
    for uid, pids in proc.marked_pids(str(project), root).items():
        stats = (proc.read_stat(pid, root) for pid in pids)
        identities = tuple(ProcessIdentity(s.pid, s.start_time, boot) for s in stats if s is not None)
        if identities:
            found[uid] = identities
    return found


def processes_of(project: Path | str, uid: str, main: ProcessIdentity | None = None) -> set[ProcessIdentity]:
    """Return every living process of a replica: the marked ones, and its session and its descendants.

    A process that wiped its environment is found by its session or its parents, one that left the
    session by its environment. Once the main process is gone only marks count: its session number
    may belong to a stranger then.
    """
    found = set(find_by_environment(project).get(uid, ()))
    leaders = {identity.pid for identity in found}
    if main is not None and alive(main):
        leaders.add(main.pid)
    members = (identify(pid) for pid in _family(leaders))
    return found | {member for member in members if member is not None}


def _family(leaders: set[int]) -> set[int]:
    if not leaders:
        return set()
    if not proc.PROC.is_dir():
        return _family_portably(leaders)
    stats = [stat for pid in proc.own_pids() if (stat := proc.read_stat(pid)) is not None]
    family = leaders | {stat.pid for stat in stats if stat.session in leaders}
    while more := {stat.pid for stat in stats if stat.parent in family} - family:
        family |= more
    return family


def _family_portably(leaders: set[int]) -> set[int]:
    import psutil

    family = set(leaders)
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.uids().real == os.getuid() and os.getsid(process.pid) in leaders:
                family.add(process.pid)
    for leader in leaders:
        with suppress(psutil.Error):
            family |= {child.pid for child in psutil.Process(leader).children(recursive=True)}
    return family


def _identify_portably(pid: int) -> ProcessIdentity | None:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessIdentity(pid, int(process.create_time() * 100), proc.boot_id())
    except psutil.Error:
        return None


def _commands_portably() -> list[tuple[int, list[str]]]:
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.uids().real == os.getuid():
                found.append((process.pid, process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def _is_stopped_portably(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP))
    except psutil.Error:
        return False


def _find_portably(project: str) -> dict[str, tuple[ProcessIdentity, ...]]:
    import psutil

    found: dict[str, tuple[ProcessIdentity, ...]] = {}
    for process in psutil.process_iter():
        try:
            if process.uids().real != os.getuid():
                continue
            environment = process.environ()
        except (psutil.Error, OSError):
            continue
        uid = environment.get(proc.UID_VARIABLE)
        identity = _identify_portably(process.pid)
        if uid and environment.get(proc.PROJECT_VARIABLE) == project and identity is not None:
            found[uid] = (*found.get(uid, ()), identity)
    return found
