"""Who listens where: the kernel's table of sockets joined with the open files of processes."""

import ipaddress
import os
import pwd
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from flaskship.engines.local.processes import proc, sockdiag
from flaskship.model.frozen import dataclass

_LISTEN = "0A"


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A TCP socket that accepts connections, and the process that holds it."""

    address: str
    port: int
    pid: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        address = ipaddress.ip_address(self.address)
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a TCP port; pid and name are unknown for another user's process."""

    address: str
    port: int
    user: str
    pid: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        if self.pid is None:
            return f"another user's process (user {self.user})"
        return f"{self.name} (pid {self.pid}, user {self.user})"


@dataclass(frozen=True, slots=True)
class _Row:
    address: str
    port: int
    user: int
    inode: int


def _by_inode(root: Path) -> "dict[int, _Row]":
    return {row.inode: row for row in _rows(root)}


def _held(pids: Iterable[int], rows: "dict[int, _Row]", root: Path) -> tuple[Listener, ...]:
    found = {
        Listener(rows[inode].address, rows[inode].port, pid)
        for pid in pids
        for inode in _socket_inodes(pid, root)
        if inode in rows
    }
    return tuple(sorted(found))


class RecentListeners:
    """Who listens where, by a table that may be a moment old: looks at many replicas share one."""

    def __init__(self, seconds: float = 0.1, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._table: dict[int, _Row] = {}
        self._until = float("-inf")

    def of(self, pids: Iterable[int], root: Path = proc.PROC) -> tuple[Listener, ...]:
        """Return every address that these processes listen on, or did a moment ago."""
        if not root.is_dir():
            return _listeners_portably(pids)
        if self._clock() >= self._until:
            self._table = _by_inode(root)
            self._until = self._clock() + self._seconds
        return _held(pids, self._table, root)


def holder_of(port: int, address: str | None = None, root: Path = proc.PROC) -> Holder | None:
    """Return who listens on a port, at this address or on all of them; None when nobody does."""
    if not root.is_dir():
        return _holder_portably(port)
    for row in _rows(root):
        if row.port != port or (address is not None and row.address not in (address, "0.0.0.0", "::")):  # noqa: S104 (read)
            continue
        for pid in _pids(root):
            if row.inode in _socket_inodes(pid, root):
                return Holder(row.address, port, _user(row.user), pid, _name(pid, root))
        return Holder(row.address, port, _user(row.user))
    return None


def parse_table(text: str) -> tuple[tuple[str, int, int, int], ...]:
    """Return (address, port, user id, inode) of the listening rows of /proc/net/tcp or tcp6."""
    rows = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTEN:
            host, _, port = fields[1].partition(":")
            rows.append((_address(host), int(port, 16), int(fields[7]), int(fields[9])))
    return tuple(rows)


def _rows(root: Path) -> list[_Row]:
    told = sockdiag.listening_sockets() if root == proc.PROC else None
    if told is not None:
        return [_Row(*row) for row in told]
    rows: list[_Row] = []
    for name in ("net/tcp", "net/tcp6"):
        with suppress(OSError):
            rows += [_Row(*row) for row in parse_table((root / name).read_text())]
    return rows


def _address(hexadecimal: str) -> str:
    raw = bytes.fromhex(hexadecimal)
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _socket_inodes(pid: int, root: Path) -> set[int]:
    folder = f"{root}/{pid}/fd"
    inodes = set()
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 (read of every replica again and again)
            with suppress(OSError):
                target = os.readlink(f"{folder}/{name}")  # noqa: PTH115
                if target.startswith("socket:["):
                    inodes.add(int(target[8:-1]))
    return inodes


def _pids(root: Path) -> list[int]:
    return sorted(int(entry.name) for entry in root.iterdir() if entry.name.isdigit())


def _name(pid: int, root: Path) -> str:
    try:
        return (root / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "a process"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _listeners_portably(pids: Iterable[int]) -> tuple[Listener, ...]:
    import psutil

    found = set()
    for pid in pids:
        with suppress(psutil.Error):
            for connection in psutil.Process(pid).net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr:
                    found.add(Listener(connection.laddr.ip, connection.laddr.port, pid))
    return tuple(sorted(found))


def _holder_portably(port: int) -> Holder | None:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            for listener in _listeners_portably([process.pid]):
                if listener.port == port:
                    return Holder(listener.address, port, process.username(), process.pid, process.name())
    return None
