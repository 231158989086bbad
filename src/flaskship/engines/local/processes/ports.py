"""Addresses and ports for replicas, and who holds the ones that are taken."""

import errno
import hashlib
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, Self

from flaskship.engines.local.processes.capabilities import has
from flaskship.engines.local.processes.listeners import Holder, Listener, holder_of
from flaskship.model.errors import PreflightError
from flaskship.model.frozen import dataclass

__all__ = [
    "Addresses",
    "FreePorts",
    "Holder",
    "Listener",
    "LoopbackRange",
    "Placement",
    "choose_addresses",
    "holder_of",
]

_FIRST_NET, _NETS = 16, 224
_HOSTS = 254 * 254
_CLAIM_PORT = 65535
_LOW_PORT_SHIFT = 8000
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 (compared, never bound)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a replica listens: its address, and the real port of each container port."""

    address: str
    ports: dict[int, int]


class Addresses(Protocol):
    """Gives each replica a place of its own on this machine."""

    prefix: str | None

    def allocate(self, container_ports: Iterable[int] = ()) -> Placement:
        """Return a place that nobody uses; PreflightError names who holds a port on every address."""

    def reserve(self, address: str) -> None:
        """Keep the address of a replica that already runs."""

    def release(self, address: str) -> None:
        """Give an address back."""

    def close(self) -> None:
        """Give all of it back."""


class LoopbackRange:
    """127.N.0.0/16 of this project: N follows from its path and is claimed by binding, so no two share it."""

    def __init__(self, net: int, claim: socket.socket) -> None:
        self.prefix: str | None = f"127.{net}"
        self._claim = claim
        self._taken: set[str] = set()
        self._next = 0

    @classmethod
    def claim(cls, project: Path | str, preferred: str | None = None) -> Self | None:
        """Return the project's range, the preferred prefix (`127.42`) if free; None where there is none."""
        start = int.from_bytes(hashlib.sha256(str(project).encode()).digest()[:4], "big") % _NETS
        nets = [_FIRST_NET + (start + step) % _NETS for step in range(_NETS)]
        if preferred is not None:
            nets.insert(0, int(preferred.split(".")[1]))
        for net in nets:
            claimed = _bound(f"127.{net}.255.254", _CLAIM_PORT)
            if isinstance(claimed, socket.socket):
                return cls(net, claimed)
            if claimed == errno.EADDRNOTAVAIL:
                return None
        return None

    def allocate(self, container_ports: Iterable[int] = ()) -> Placement:
        """Return an address where all these ports are free, least recently given first."""
        wanted = tuple(container_ports)
        for _ in range(_HOSTS):
            address = self._advance()
            if address in self._taken:
                continue
            ports = _ports_at(address, wanted)
            if ports is not None:
                self._taken.add(address)
                return Placement(address, ports)
            _refuse_if_taken_everywhere(wanted)
        raise PreflightError(f"every address of {self.prefix}.0.0/16 is in use")

    def reserve(self, address: str) -> None:
        """Keep the address of a replica that already runs."""
        self._taken.add(address)

    def release(self, address: str) -> None:
        """Give an address back; it is given out again last."""
        self._taken.discard(address)

    def close(self) -> None:
        """Let others claim the range."""
        self._claim.close()

    def _advance(self) -> str:
        high, low = divmod(self._next, 254)
        self._next = (self._next + 1) % _HOSTS
        return f"{self.prefix}.{high + 1}.{low + 1}"


class FreePorts:
    """Free ports of 127.0.0.1, where the system has no further loopback addresses (macOS)."""

    def __init__(self) -> None:
        self.prefix: str | None = None

    def allocate(self, container_ports: Iterable[int] = ()) -> Placement:
        """Return 127.0.0.1 with a free port for each container port."""
        held: list[socket.socket] = []
        ports: dict[int, int] = {}
        try:
            for port in container_ports:
                bound = _bound("127.0.0.1", 0)
                if not isinstance(bound, socket.socket):
                    raise PreflightError("127.0.0.1 has no free port left")
                held.append(bound)
                ports[port] = bound.getsockname()[1]
        finally:
            for sock in held:
                sock.close()
        return Placement("127.0.0.1", ports)

    def reserve(self, address: str) -> None:
        """Nothing to keep: every replica shares the address."""

    def release(self, address: str) -> None:
        """Nothing to give back."""

    def close(self) -> None:
        """Nothing to give back."""


def choose_addresses(
    project: Path | str, preferred: str | None = None, *, ports_only: bool = False
) -> Addresses:
    """Return loopback addresses where the system has them, else free ports."""
    claimed = None if ports_only or not has("addresses") else LoopbackRange.claim(project, preferred)
    return FreePorts() if claimed is None else claimed


def _ports_at(address: str, wanted: Iterable[int]) -> dict[int, int] | None:
    """Return the real port of each wanted one, None when one is taken; low ports move without root."""
    held: list[socket.socket] = []
    ports: dict[int, int] = {}
    try:
        for port in wanted:
            bound = _bound(address, port)
            if bound == errno.EACCES:
                # 80 becomes 8080 on the replica's own address: easy to guess, and the same every time.
                bound = _bound(address, _LOW_PORT_SHIFT + port)
            if not isinstance(bound, socket.socket):
                return None
            held.append(bound)
            ports[port] = bound.getsockname()[1]
        if not ports:
            probe = _bound(address, 0)
            if not isinstance(probe, socket.socket):
                return None
            held.append(probe)
        return ports
    finally:
        for sock in held:
            sock.close()


def _refuse_if_taken_everywhere(ports: Iterable[int]) -> None:
    for port in ports:
        holder = holder_of(port)
        if holder is not None and holder.address in _ANY_ADDRESS:
            raise PreflightError(
                f"port {port} is taken on every address of this machine by {holder}",
                hint="stop that process, or give the application another containerPort",
            )


def _bound(address: str, port: int) -> socket.socket | int:
    """Return a bound socket, or the errno that says why there is none."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        return error.errno or errno.EINVAL
    return sock
