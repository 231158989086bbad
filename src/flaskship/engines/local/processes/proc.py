"""What /proc says about processes; a process that is gone is None, never an error.

The spawner uses this module too: it imports nothing but small parts of the standard library.
"""

import functools
import os
from pathlib import Path
from typing import NamedTuple

from flaskship.engines.local.processes.capabilities import has

PROC = Path("/proc" if has("proc") else "/proc/taken-away")
PROJECT_VARIABLE = "FLASKSHIP_PROJECT"
UID_VARIABLE = "FLASKSHIP_UID"
ENVIRONMENT_VARIABLE = "FLASKSHIP_ENVIRONMENT"
_PROJECT, _UID = f"{PROJECT_VARIABLE}=".encode(), f"{UID_VARIABLE}=".encode()
_ENVIRONMENT = f"{ENVIRONMENT_VARIABLE}=".encode()
_READ_SIZE = 64 * 1024
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError, NotADirectoryError)


class Stat(NamedTuple):
    """The fields of /proc/PID/stat that identify a process and its relatives."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    start_time: int

    @property
    def ended(self) -> bool:
        """Whether nothing runs any more: a zombie that waits to be reaped, or dead."""
        return self.state in "ZXx"


class Marks(NamedTuple):
    """The project and the replica that a process says it belongs to, in its environment."""

    project: str
    uid: str


def parse_stat(raw: bytes) -> Stat:
    """Return the fields of one stat line; the name in it may hold spaces and parentheses."""
    pid, _, _ = raw.partition(b" ")
    fields = raw[raw.rindex(b")") + 2 :].split()
    parent, group, session = (int(field) for field in fields[1:4])
    return Stat(int(pid), fields[0].decode(), parent, group, session, int(fields[19]))


def parse_marks(raw: bytes) -> Marks | None:
    """Return the marks in an environment block, None where one is missing."""
    project, uid = _value(raw, _PROJECT), _value(raw, _UID)
    if not project or not uid:
        return None
    return Marks(os.fsdecode(project), os.fsdecode(uid))


def _value(block: bytes, name: bytes) -> bytes:
    """Return the value of the first variable of this name with its equals sign; empty where there is none."""
    if block.startswith(name):
        start = len(name)
    else:
        found = block.find(b"\0" + name)
        if found < 0:
            return b""
        start = found + 1 + len(name)
    return block[start:].partition(b"\0")[0]


def read_stat(pid: int, proc: Path = PROC) -> Stat | None:
    """Return the stat of a process, None when it is gone."""
    raw = _read(f"{proc}/{pid}/stat")
    return parse_stat(raw) if raw else None


def read_marks(pid: int, proc: Path = PROC) -> Marks | None:
    """Return what the environment of a process says; None for zombies, strangers and the unmarked."""
    raw = _read(f"{proc}/{pid}/environ")
    return parse_marks(raw) if raw else None


def read_environment(pid: int, proc: Path = PROC) -> str:
    """Return the environment of a project that a process says it belongs to; empty where it says none."""
    raw = _read(f"{proc}/{pid}/environ")
    return os.fsdecode(_value(raw, _ENVIRONMENT)) if raw else ""


def read_command(pid: int, proc: Path = PROC) -> list[str]:
    """Return the words of a process's command line; none for zombies and for who is gone."""
    raw = _read(f"{proc}/{pid}/cmdline")
    return raw.decode(errors="surrogateescape").removesuffix("\0").split("\0") if raw else []


def boot_id(proc: Path = PROC) -> str:
    """Return the id of this boot, empty where the system has none."""
    if proc == PROC and not has("proc"):
        return _boot_session()
    raw = _read(f"{proc}/sys/kernel/random/boot_id")
    return raw.decode().strip() if raw else ""


@functools.cache
def _boot_session() -> str:
    """Return macOS's id of this boot; empty where nobody knows it: then no reboot is ever noticed."""
    import subprocess  # only where there is no /proc

    try:
        asked = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, check=True, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.decode().strip()


def all_pids(proc: Path = PROC) -> list[int]:
    """Return every process of the machine, the lowest number first."""
    return sorted(int(name) for name in _names(proc) if name.isdigit())


def newest_first(proc: Path = PROC) -> list[int]:
    """Return every process, the last one made first: numbers start again at their limit."""
    raw = _read(f"{proc}/loadavg")
    last = int(raw.split()[4]) if raw else 0
    pids = all_pids(proc)
    return [pid for pid in reversed(pids) if pid <= last] + [pid for pid in reversed(pids) if pid > last]


def own_pids(proc: Path = PROC) -> list[int]:
    """Return the processes of this user."""
    user = os.geteuid()
    return [pid for pid in all_pids(proc) if _owner(f"{proc}/{pid}") == user]


def marked_pids(project: str, proc: Path = PROC) -> dict[str, list[int]]:
    """Return the living processes that say they belong to the project, by replica, oldest first."""
    found: dict[str, list[tuple[int, int]]] = {}
    for pid in own_pids(proc):
        marks = read_marks(pid, proc)
        if marks is None or marks.project != project:
            continue
        stat = read_stat(pid, proc)
        if stat is not None and not stat.ended:
            found.setdefault(marks.uid, []).append((stat.start_time, pid))
    return {uid: [pid for _, pid in sorted(pids)] for uid, pids in found.items()}


def session_pids(session: int, proc: Path = PROC) -> list[int]:
    """Return the living processes of a session."""
    stats = (read_stat(pid, proc) for pid in own_pids(proc))
    return [stat.pid for stat in stats if stat is not None and stat.session == session and not stat.ended]


# Whoever looks for a replica reads of every process here: a Path for each would be most of the work.


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _owner(folder: str) -> int | None:
    try:
        return os.stat(folder).st_uid  # noqa: PTH116
    except _GONE:
        return None


def _read(path: str) -> bytes | None:
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except _GONE:
        return None
    try:
        whole = b""
        while part := os.read(number, _READ_SIZE):
            whole += part
        return whole
    except _GONE:
        return None
    finally:
        os.close(number)
