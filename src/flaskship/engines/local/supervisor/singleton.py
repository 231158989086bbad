"""One supervisor for one project: a lock for life, and a look at who answers meanwhile."""

import fcntl
import os
import socket
import time
from collections.abc import Callable

from flaskship.engines.local.paths import LocalPaths

LOOK_SECONDS = 0.02


def become_the_one(paths: LocalPaths, *, patient: bool, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Return whether this process is the project's supervisor now; False: another one is.

    The patient wait for one that is ending (an upgrade), but not for one that answers: both were started
    at once, and whoever started this one can talk to the other.
    """
    lock = os.open(paths.supervisor_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who finds us silent one day has to name us.
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            return True
        except OSError:
            if not patient or _answers(str(paths.socket("supervisor"))):
                os.close(lock)
                return False
        sleep(LOOK_SECONDS)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
