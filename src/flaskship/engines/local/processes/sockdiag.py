"""The kernel's listening TCP sockets, asked by netlink.

/proc/net/tcp walks every bucket of the table of connections, 10 ms and more each time it is read;
the kernel finds listening sockets alone in microseconds (sock_diag(7)).
"""

import os
import socket
import struct
import sys

from flaskship.engines.local.processes.capabilities import has

_FAMILY = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ERROR, _DONE = 2, 3
_LISTENING = 1 << 10  # TCP_LISTEN
_HEADER = struct.Struct("=LHHLL")
_REQUEST = struct.Struct("=BBBxL48x")
_ANSWER = struct.Struct("=BBBB2s2s16s16sL8sLLLLL")
_SECONDS = 1.0
_BUFFER = 1 << 16

Row = tuple[str, int, int, int]
"""Address, port, user id, inode."""


def listening_sockets() -> tuple[Row, ...] | None:
    """Return every listening TCP socket of this network namespace; None where the kernel does not tell."""
    if sys.platform != "linux" or not has("proc"):
        return None
    try:
        return (*_asked(socket.AF_INET), *_asked(socket.AF_INET6))
    except (OSError, struct.error):
        return None


def _asked(family: int) -> list[Row]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _FAMILY) as asking:
        asking.settimeout(_SECONDS)
        request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, _LISTENING)
        asking.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _DUMP, 1, 0) + request)
        rows: list[Row] = []
        while not _read(asking.recv(_BUFFER), rows):
            pass
        return rows


def _read(data: bytes, rows: list[Row]) -> bool:
    """Take the rows of one datagram; tell whether it was the last."""
    while data:
        length, kind, _, _, _ = _HEADER.unpack_from(data)
        if kind == _DONE:
            return True
        if kind == _ERROR:
            number = -struct.unpack_from("=l", data, _HEADER.size)[0]
            raise OSError(number, os.strerror(number))
        family, _, _, _, port, _, address, *_, user, inode = _ANSWER.unpack_from(data, _HEADER.size)
        host = socket.inet_ntop(family, address[: 4 if family == socket.AF_INET else 16])
        rows.append((host, int.from_bytes(port, "big"), user, inode))
        data = data[(length + 3) & ~3 :]
    return False
