"""The replicas behind the routes, and the choice between them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from flaskship.engines.local.router.statistics import Counters

if TYPE_CHECKING:
    from flaskship.engines.local.router.upstream import Upstream

EJECTION: Final = 1.0
MAX_IDLE: Final = 64


class Endpoint:
    """One replica's address as the router knows it: in flight, idle connections, out of turn until."""

    __slots__ = ("_empty", "counters", "ejected_until", "host", "idle", "in_flight", "port", "retired", "uid")

    def __init__(self, uid: str, host: str, port: int) -> None:
        self.uid = uid
        self.host = host
        self.port = port
        self.in_flight = 0
        self.ejected_until = 0.0
        self.retired = False
        self.idle: list[Upstream] = []
        self.counters = Counters()
        self._empty: list[asyncio.Event] = []

    def __str__(self) -> str:
        return f"{self.uid} at {self.host}:{self.port}"

    def begin(self) -> None:
        """Count one connection in."""
        self.in_flight += 1

    def end(self) -> None:
        """Count it out."""
        self.in_flight -= 1
        if not self.in_flight and self._empty:
            for event in self._empty:
                event.set()

    def retire(self) -> None:
        """Take it out of use: idle connections close now, busy ones after their answer."""
        self.retired = True
        while self.idle:
            self.idle.pop().close()

    async def wait_empty(self) -> None:
        """Return once nothing is in flight."""
        event = asyncio.Event()
        self._empty.append(event)
        try:
            while self.in_flight:
                event.clear()
                await event.wait()
        finally:
            self._empty.remove(event)


class Member:
    """An endpoint with its weight in one route."""

    __slots__ = ("endpoint", "group", "weight")

    def __init__(self, endpoint: Endpoint, weight: int, group: str) -> None:
        self.endpoint = endpoint
        self.weight = weight
        self.group = group


class Balancer:
    """Chooses an endpoint: the group by weight at random, in it the one with the least in flight.

    Comparing loads across groups would send a canary more than its share whenever it is idle.
    """

    __slots__ = ("_members", "_random", "_uniform", "service")

    def __init__(self, members: Sequence[Member], random: Callable[[], float], service: str = "") -> None:
        self._members = [member for member in members if member.weight > 0]
        self._random = random
        self._uniform = len({(member.group, member.weight) for member in self._members}) <= 1
        self.service = service

    def pick(self, now: float, tried: Sequence[Endpoint] = ()) -> Endpoint | None:
        """Return the endpoint for one request, None where no untried one is left."""
        members = self._members
        if len(members) == 1 and not tried:
            return members[0].endpoint
        usable = [m for m in members if m.endpoint.ejected_until <= now and m.endpoint not in tried]
        if not usable:
            # All are out of turn: trying one tells more than refusing does.
            usable = [m for m in members if m.endpoint not in tried]
            if not usable:
                return None
        if not self._uniform:
            usable = self._draw(usable)
        return self._least_in_flight(usable)

    def _draw(self, usable: list[Member]) -> list[Member]:
        mark = self._random() * sum(member.weight for member in usable)
        for member in usable:
            mark -= member.weight
            if mark < 0:
                break
        return [m for m in usable if m.group == member.group and m.weight == member.weight]

    def _least_in_flight(self, usable: list[Member]) -> Endpoint:
        count = len(usable)
        first = int(self._random() * count)
        best = usable[first].endpoint
        for offset in range(1, count):
            other = usable[(first + offset) % count].endpoint
            if other.in_flight < best.in_flight:
                best = other
        return best
