"""What all connections of one router share."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flaskship.engines.local.router.endpoints import Balancer
from flaskship.engines.local.router.heads import Request
from flaskship.engines.local.router.rules import RuleSet
from flaskship.engines.local.router.statistics import Counters
from flaskship.engines.local.routes import Protocol
from flaskship.model.frozen import dataclass

if TYPE_CHECKING:
    from flaskship.engines.local.router.client import Client
    from flaskship.engines.local.router.tunnel import Tunnel

MAX_BUFFER: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds, and how many clients there may be."""

    head: float = 10.0
    idle: float = 75.0
    progress: float = 300.0
    connect: float = 5.0
    linger: float = 2.0
    clients: int = 10_000


class Plan:
    """How one listener chooses who serves; replaced as a whole by a new table."""

    __slots__ = ("_ruled", "default", "protocol", "rules", "service")

    def __init__(self, protocol: Protocol, default: Balancer, rules: RuleSet[Balancer], service: str) -> None:
        self.protocol = protocol
        self.default = default
        self.rules = rules
        self.service = service
        self._ruled = bool(rules)

    def choose(self, request: Request) -> Balancer:
        """Return the balancer that serves the request."""
        if not self._ruled:
            return self.default
        return self.rules.find(request.headers.host, request.target) or self.default

    def is_nobodys(self, balancer: Balancer) -> bool:
        """Tell whether no rule takes what this balancer was chosen for, and nothing stands behind them."""
        return balancer is self.default and bool(self.rules) and not self.service


class Entrance:
    """What the connections of one listener see of it."""

    __slots__ = ("closed", "counters", "heir", "name", "open", "plan")

    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.plan = plan
        self.counters = Counters()
        self.open = 0
        self.closed = False
        self.heir: Entrance | None = None
        """Who serves the same address since this one is closed."""


class Context:
    """The loop, its clock, the limits and everything that is open."""

    __slots__ = ("_empty", "clients", "limits", "loop", "new_id", "now", "stopping", "tunnels")

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits, new_id: Callable[[], bytes]) -> None:
        self.loop = loop
        self.now = loop.time
        self.limits = limits
        self.new_id = new_id
        self.clients: set[Client] = set()
        self.tunnels: set[Tunnel] = set()
        self.stopping = False
        self._empty = asyncio.Event()

    def gone(self) -> None:
        """A client or a tunnel ended."""
        if self.stopping and not self.clients and not self.tunnels:
            self._empty.set()

    async def wait_empty(self) -> None:
        """Return once nothing is open; call after stopping was set."""
        self.gone()
        await self._empty.wait()


def reset(transport: asyncio.Transport) -> None:
    """Close with a reset: an orderly end would pass for a whole answer."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
