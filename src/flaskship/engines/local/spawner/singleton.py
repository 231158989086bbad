"""One spawner for one project: a lock in the state folder, and one socket."""

import fcntl
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flaskship.engines.local.spawner.refusal import Refused

_LOCK = "spawner.lock"


def take_lock(state: Path, seconds: float = 10.0, sleep: Callable[[float], None] = time.sleep) -> int:
    """Return the open lock of this state folder; Refused (AlreadyRunning) when it stays taken.

    Half-started children of a spawner that was killed hold it until they are visible in /proc,
    so it is asked for again for a while.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(state / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    pause, waited = 0.02, 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except OSError:
            if waited >= seconds:
                os.close(descriptor)
                raise Refused("AlreadyRunning", f"another spawner holds {state / _LOCK}") from None
        sleep(pause)
        waited += pause


def listen(path: str) -> socket.socket:
    """Return the listening socket (0600); Refused where somebody answers at the path or it is no socket."""
    if _answers(path):
        raise Refused("AlreadyRunning", f"another process answers at {path}")
    file = Path(path)
    if file.is_socket():
        file.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        sock.bind(path)
    except OSError as error:
        sock.close()
        raise Refused("SocketUnusable", f"cannot listen at {path}: {error.strerror or error}") from None
    finally:
        os.umask(before)
    sock.listen(16)
    sock.setblocking(False)
    return sock


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock, suppress(OSError):
        sock.settimeout(2)
        sock.connect(path)
        return True
    return False
