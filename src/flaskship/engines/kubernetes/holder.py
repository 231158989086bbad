"""Which process holds a lock, so that one on this very machine is known to be gone before its time is up."""

import os
from pathlib import Path

from flaskship.engines.local.processes.identity import ProcessIdentity, alive, identify

NAMESPACE = Path("/proc/self/ns/pid")


def me() -> str:
    """Return who this process is, as another one on this machine can look it up; empty where it cannot."""
    here, identity = _here(), identify(os.getpid())
    if here is None or identity is None or not identity.boot_id:
        return ""
    return f"{identity.boot_id}/{here}/{identity.pid}/{identity.start_time}"


def is_gone(process: str) -> bool:
    """Tell whether a process is known to have ended; one of another machine or container is not known."""
    boot_id, _, rest = process.partition("/")
    here, _, numbers = rest.partition("/")
    pid, _, start_time = numbers.partition("/")
    if not (here and here == _here() and pid.isdecimal() and start_time.isdecimal()):
        return False
    mine = identify(os.getpid())
    if mine is None or mine.boot_id != boot_id:
        return False
    return not alive(ProcessIdentity(int(pid), int(start_time), boot_id))


def _here() -> str | None:
    # Containers of one machine share its boot and count their processes apart.
    try:
        return NAMESPACE.readlink().as_posix()
    except OSError:
        return None
