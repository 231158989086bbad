"""The listeners and endpoints of the current table, and the swap to the next one."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import Any

from flaskship.engines.local.router.client import Client
from flaskship.engines.local.router.context import Context, Entrance, Plan
from flaskship.engines.local.router.endpoints import Balancer, Endpoint, Member
from flaskship.engines.local.router.rules import RuleSet
from flaskship.engines.local.router.tunnel import TcpClient
from flaskship.engines.local.routes import Route, RouteEndpoint, RouteTable

BACKLOG = 4096


class TableRefused(Exception):
    """The table cannot be applied; nothing changed."""


class Listener:
    """A listening socket with the server on it; the socket stays ours to pass back."""

    def __init__(self, sock: socket.socket, entrance: Entrance, server: asyncio.Server) -> None:
        self.socket = sock
        self.address = sock.getsockname()
        self.entrance = entrance
        self.server = server

    def close(self) -> None:
        """Accept no more."""
        self.entrance.closed = True
        self.server.close()
        self.socket.close()


class Forwarding:
    """Applies tables; everything that serves looks at its entrance's plan at each request."""

    def __init__(self, context: Context, random: Callable[[], float]) -> None:
        self._context = context
        self._random = random
        self._endpoints: dict[tuple[str, str, int], Endpoint] = {}
        self._retired: list[Endpoint] = []
        self._waiting: dict[str, socket.socket] = {}
        self._outgoing: list[Listener] = []
        self.listeners: dict[str, Listener] = {}
        self.table = RouteTable(0)

    @property
    def missing(self) -> list[str]:
        """Listeners of the table that nobody passed yet."""
        return [route.listener for route in self.table.routes if route.listener not in self.listeners]

    def restore(self, table: RouteTable) -> None:
        """Begin with a persisted table, whose listeners are still to come."""
        self.table = table

    async def pass_listeners(self, sockets: Mapping[str, socket.socket]) -> list[str]:
        """Serve the listeners that the table names; return the names that wait for a later table."""
        routes = {route.listener: route for route in self.table.routes}
        for name, sock in sockets.items():
            if name in routes:
                await self._open(name, sock, self._plan(routes[name]))
            else:
                self._hold(name, sock)
        self._close_outgoing()
        return sorted(self._waiting)

    async def apply(
        self, table: RouteTable, sockets: Mapping[str, socket.socket], *, force: bool = False
    ) -> None:
        """Swap to the table in one step; TableRefused when it is old or names a listener without a socket."""
        if table.number <= self.table.number and not force:
            raise TableRefused(
                f"table {table.number} is not newer than {self.table.number}, which is in force"
            )
        known = self.listeners.keys() | self._waiting.keys() | sockets.keys()
        absent = [route.listener for route in table.routes if route.listener not in known]
        if absent:
            raise TableRefused(
                f"the table names listeners whose sockets were never passed: {', '.join(absent)}"
            )
        for name, sock in sockets.items():
            self._hold(name, sock)
        new: dict[str, Plan] = {}
        for route in table.routes:
            if route.listener in self._waiting:
                new[route.listener] = self._plan(route)
        for name, plan in new.items():
            try:
                await self._open(name, self._waiting[name], plan)
            except OSError as error:
                self._take_back(new)
                raise TableRefused(f"listener {name!r} cannot listen: {error.strerror or error}") from error
            del self._waiting[name]
        self._swap(table)

    def _take_back(self, new: Mapping[str, Plan]) -> None:
        named = {route.listener for route in self.table.routes}
        for name in new:
            self._waiting.pop(name, None)
            if name in self.listeners and name not in named:
                self._outgoing.append(self.listeners.pop(name))
        self._close_outgoing()

    def _swap(self, table: RouteTable) -> None:
        self.table = table
        named = set()
        for route in table.routes:
            self.listeners[route.listener].entrance.plan = self._plan(route)
            named.add(route.listener)
        self._retire_unnamed(table)
        for name in [name for name in self.listeners if name not in named]:
            self._outgoing.append(self.listeners.pop(name))
        self._close_outgoing()
        for name in [name for name in self._waiting if name not in named]:
            self._waiting.pop(name).close()

    def _retire_unnamed(self, table: RouteTable) -> None:
        wanted = {(e.uid, e.host, e.port) for route in table.routes for e in _endpoints_of(route)}
        for key in [key for key in self._endpoints if key not in wanted]:
            endpoint = self._endpoints.pop(key)
            endpoint.retire()
            self._retired.append(endpoint)
        self._retired = [endpoint for endpoint in self._retired if endpoint.in_flight]

    def _plan(self, route: Route) -> Plan:
        rules = [(rule, self._balancer(rule.endpoints, rule.service)) for rule in route.rules]
        default = self._balancer(route.endpoints, route.service)
        return Plan(route.protocol, default, RuleSet(rules), route.service)

    def _balancer(self, endpoints: tuple[RouteEndpoint, ...], service: str) -> Balancer:
        members = [Member(self._endpoint(entry), entry.weight, entry.group) for entry in endpoints]
        return Balancer(members, self._random, service)

    def _endpoint(self, entry: RouteEndpoint) -> Endpoint:
        key = (entry.uid, entry.host, entry.port)
        found = self._endpoints.get(key)
        if found is None:
            found = self._endpoints[key] = Endpoint(*key)
        return found

    def _hold(self, name: str, sock: socket.socket) -> None:
        old = self._waiting.pop(name, None)
        if old is not None:
            old.close()
        self._waiting[name] = sock

    async def _open(self, name: str, sock: socket.socket, plan: Plan) -> None:
        # asyncio leaves this to sockets made with a protocol number; accepted connections inherit it.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.listen(BACKLOG)
        entrance = Entrance(name, plan)
        context = self._context

        def protocol() -> asyncio.Protocol:
            kind = Client if entrance.plan.protocol == "http" else TcpClient
            return kind(context, entrance)

        server = await context.loop.create_server(protocol, sock=sock.dup(), backlog=BACKLOG)
        old = self.listeners.get(name)
        self.listeners[name] = Listener(sock, entrance, server)
        if old is not None:
            self._outgoing.append(old)

    def _close_outgoing(self) -> None:
        """Close what is served no more; who connected to an address that another one serves now stays."""
        serving = {listener.address: listener.entrance for listener in self.listeners.values()}
        while self._outgoing:
            listener = self._outgoing.pop()
            heir = serving.get(listener.address)
            if heir is not None and {heir.plan.protocol, listener.entrance.plan.protocol} == {"http"}:
                listener.entrance.heir = heir
            listener.close()
            for client in [c for c in self._context.clients if c.entrance is listener.entrance]:
                if listener.entrance.heir is None or not client.move(listener.entrance.heir):
                    client.retire()

    def in_flight(self, uid: str) -> int:
        """Return how many requests of the replica are under way, on all its ports."""
        return sum(endpoint.in_flight for endpoint in self._of(uid))

    async def drained(self, uid: str, seconds: float) -> int:
        """Wait until nothing of the replica is under way, at most so long; return what still is."""
        try:
            async with asyncio.timeout(seconds):
                for endpoint in self._of(uid):
                    await endpoint.wait_empty()
        except TimeoutError:
            pass
        return self.in_flight(uid)

    def _of(self, uid: str) -> list[Endpoint]:
        return [e for e in (*self._endpoints.values(), *self._retired) if e.uid == uid]

    def stats(self) -> dict[str, Any]:
        """Return the counters of each listener and each endpoint, those on their way out included."""
        listeners = {
            name: listener.entrance.counters.to_json() | {"open": listener.entrance.open}
            for name, listener in self.listeners.items()
        }
        endpoints = [
            {"uid": e.uid, "host": e.host, "port": e.port, "retired": e.retired, "idle": len(e.idle)}
            | e.counters.to_json()
            | {"in_flight": e.in_flight}
            for e in (*self._endpoints.values(), *self._retired)
        ]
        return {"listeners": listeners, "endpoints": endpoints, "clients": len(self._context.clients)}

    def sweep(self, now: float) -> None:
        """End what has passed its time limit."""
        for client in [c for c in self._context.clients if c.deadline < now]:
            client.expire()

    async def stop(self, seconds: float) -> None:
        """Accept no more, let what is under way finish, at most so long; then reset the rest."""
        context = self._context
        context.stopping = True
        for listener in self.listeners.values():
            listener.close()
        for client in list(context.clients):
            client.retire()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await context.wait_empty()
        for client in list(context.clients):
            client.abort()
        for tunnel in list(context.tunnels):
            tunnel.abort()
        for endpoint in self._endpoints.values():
            endpoint.retire()


def _endpoints_of(route: Route) -> list[RouteEndpoint]:
    return [*route.endpoints, *(endpoint for rule in route.rules for endpoint in rule.endpoints)]
