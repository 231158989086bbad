"""Keeps a process, and all that it starts, from writing outside of some folders; root as well as anybody.

Landlock is the kernel's (Linux 5.13): it needs no privilege, and nothing can be undone from inside. A write
elsewhere fails with EACCES, where a container's read-only root says EROFS.
"""

import ctypes
import os
import struct

from flaskship.engines.local.processes.capabilities import has

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""The numbers of the system calls, the same on every architecture."""
_VERSION, _BENEATH = 1, 1
_NO_NEW_PRIVILEGES = 38
_WRITE, _TRUNCATE = 1 << 1, 1 << 14
_FOLDERS = sum(1 << bit for bit in range(4, 13))
"""Removing and making of folders, files, sockets, pipes, devices and links."""
_REFER = 1 << 13
_SINCE = ((1, _WRITE | _FOLDERS), (2, _REFER), (3, _TRUNCATE))
_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return the version of the kernel's Landlock; 0 where there is none."""
    if not has("landlock"):
        return 0
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))))


def write_only_below(places: tuple[str, ...]) -> None:
    """Refuse this process every write but below these; one that is not there counts for nothing. OSError."""
    known = version()
    rights = sum(bits for since, bits in _SINCE if since <= known)
    if not rights:
        return
    ruleset = _call(_CREATE, struct.pack("=Q", rights), 8, 0)
    for place in places:
        _allow(ruleset, place, rights)
    if _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    _call(_RESTRICT, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, place: str, rights: int) -> None:
    try:
        number = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    allowed = rights if os.path.isdir(place) else rights & (_WRITE | _TRUNCATE)  # noqa: PTH112
    _call(_ADD, ruleset, _BENEATH, struct.pack("=Qi", allowed, number), 0)
    os.close(number)


def _call(number: int, *arguments: int | bytes) -> int:
    given = [ctypes.c_char_p(a) if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments]
    answer = int(_libc.syscall(ctypes.c_long(number), *given))
    if answer < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return answer
