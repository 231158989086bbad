"""The supervisor's hold on the router: the listening sockets, and the numbered route table."""

import asyncio
import contextlib
import socket
import sys
from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from flaskship.engines.local import routes
from flaskship.engines.local.aides import Aide
from flaskship.engines.local.channel import ChannelClosed, Message
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.routes import Route, RouteTable
from flaskship.engines.local.rpc import Caller, RemoteError
from flaskship.engines.local.steps import step
from flaskship.model.errors import FlaskshipError

CONNECT_ATTEMPTS = 1000
CONNECT_PAUSE = 0.005
BACKLOG = 1024
RETRY_SECONDS = 0.5
MOST_FILES = 60
PUSH_ROUTES = step("push_routes")
BIND = step("bind")


def listen(host: str, port: int) -> socket.socket:
    """Return a bound, listening socket; OSError as the system gives it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


class RouterLink:
    """Keeps one router alive, and gives a new one the sockets and the table of the one that died."""

    def __init__(self, paths: LocalPaths, aide: Aide) -> None:
        self._paths = paths
        self._aide = aide
        self._caller: Caller | None = None
        self._changing = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._passed: dict[str, socket.socket] = {}
        self._replaced: list[socket.socket] = []
        self._routes: dict[str, tuple[Route, ...]] = {}
        self._number = 0
        self._served: dict[str, frozenset[str]] = {}
        self._pushed = True
        self._closing = False
        self.sockets: dict[str, socket.socket] = {}

    async def open(self) -> None:
        """Connect, starting a router where none runs; its listening sockets are held here then, too."""
        async with self._changing:
            await self._connect()

    def bind(self, listener: str, host: str, port: int, free: Container[str] = ()) -> None:
        """Hold a listening socket of that name from now on; OSError when the address is taken.

        One at another address stays open until the router serves its successor. A socket at this address
        that a name in `free` holds, or held before, is taken over: nobody can connect in vain meanwhile.
        """
        held = self.sockets.get(listener)
        if held is None or _address(held) != (host, port):
            taken = self._take_over(free, (host, port))
            if taken is None:
                with BIND:
                    taken = listen(host, port)
            self.sockets[listener] = taken
            if held is not None:
                self._replaced.append(held)

    def _take_over(self, free: Container[str], address: tuple[str, int]) -> socket.socket | None:
        for sock in self._replaced:
            if _address(sock) == address:
                self._replaced.remove(sock)
                return sock
        for name, sock in self.sockets.items():
            if name in free and _address(sock) == address:
                del self.sockets[name]
                return sock
        return None

    @contextlib.contextmanager
    def all_or_none(self) -> Iterator[None]:
        """Take back what was bound inside when an error comes out of it; nothing may be awaited inside."""
        sockets, replaced = dict(self.sockets), list(self._replaced)
        try:
            yield
        except BaseException:
            before = {*sockets.values(), *replaced}
            for sock in {*self.sockets.values()} - before:
                sock.close()
            self.sockets, self._replaced = sockets, replaced
            raise

    def served(self, environment: str) -> frozenset[str]:
        """Return the replicas in the table that the router has acknowledged last."""
        return self._served.get(environment, frozenset())

    async def restore(self, routes: Mapping[str, tuple[Route, ...]]) -> None:
        """Push the routes of every environment at once: a partial table would close the others' sockets."""
        async with self._changing:
            self._routes = {name: table for name, table in routes.items() if table}
            await self._push()

    async def update(
        self, environment: str, routes: Callable[[], tuple[Route, ...]], instead_of: str = ""
    ) -> None:
        """Replace the routes of one environment; done when the router has swapped its table.

        They are asked for as late as can be: who waited for others finds its change pushed with theirs.
        Those of `instead_of` go in the same swap: sockets that both name stay open.
        """
        async with self._changing:
            table = routes()
            gone = self._routes.pop(instead_of, None)
            known = self._routes.get(environment, ()) == table and self._are_passed(table) and gone is None
            if known and self._pushed:
                return
            if table:
                self._routes[environment] = table
            else:
                self._routes.pop(environment, None)
            await self._push()

    async def drain(self, uid: str, seconds: float) -> int:
        """Wait until a removed replica has nothing in flight, or for so long; return what is in flight."""
        try:
            reply = await self._ask("drain", uid=uid, timeout=seconds)
        except (ChannelClosed, RemoteError):
            return 0
        return int(reply.get("in_flight", 0))

    async def statistics(self) -> Message:
        """Return the router's counters; empty while there is no router."""
        try:
            return await self._ask("stats")
        except (ChannelClosed, RemoteError):
            return {}

    async def close(self, *, stop: bool) -> None:
        """Let go of the router, or end it."""
        self._closing = True
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._caller:
            if stop:
                with contextlib.suppress(ChannelClosed, RemoteError):
                    await self._caller.call("stop", timeout=1.0)
            else:
                with contextlib.suppress(ChannelClosed, RemoteError):
                    await self._caller.call("leave")
            await self._caller.close()
        for sock in (*self.sockets.values(), *self._replaced):
            sock.close()

    async def _ask(self, kind: str, **payload: Any) -> Message:
        if self._caller is None:
            raise ChannelClosed("the router is being started again")
        return await self._caller.call(kind, **payload)

    async def _push(self) -> None:
        self._pushed = False
        while True:
            if self._caller is None or self._caller.closed.is_set():
                await self._connect()
            assert self._caller is not None
            # Routes of before an apply that is under way may name a socket that another name has taken over.
            open_now = {**self._passed, **self.sockets}
            wanted = {r.listener for each in self._routes.values() for r in each} & open_now.keys()
            held = {name: open_now[name] for name in wanted}
            fresh = sorted(name for name in held if self._passed.get(name) is not held[name])
            self._number += 1
            listed = (r for each in self._routes.values() for r in each if r.listener in wanted)
            table = RouteTable(self._number, tuple(listed))
            try:
                # One frame carries so many files at most: the others go ahead of the table.
                while len(fresh) > MOST_FILES:
                    part, fresh = fresh[:MOST_FILES], fresh[MOST_FILES:]
                    files = [held[name].fileno() for name in part]
                    await self._caller.call("pass", files=files, listeners=part)
                with PUSH_ROUTES:
                    await self._caller.call(
                        "table",
                        files=[held[name].fileno() for name in fresh],
                        table=routes.to_json(table),
                        listeners=fresh,
                    )
            except ChannelClosed:
                self._caller = None
                continue
            except RemoteError as error:
                raise FlaskshipError(f"the router refused its table: {error}") from error
            # A socket that is bound and not routed yet belongs to an apply under way.
            for name in self._passed.keys() - wanted:
                if (gone := self.sockets.pop(name, None)) is not None:
                    gone.close()
            self._passed = held
            self._drop_replaced(held)
            self._served = {name: _uids(table) for name, table in self._routes.items()}
            self._pushed = True
            return

    async def _connect(self) -> None:
        path = str(self._paths.socket("router"))
        while True:
            try:
                caller = await Caller.connect(path)
            except OSError:
                self._aide.start()
                caller = await self._reach(path)
            try:
                hello = await caller.call("hello")
                break
            except ChannelClosed:
                # It was ending as we met it: its socket lives a moment longer than it answers.
                await caller.close()
                await asyncio.sleep(CONNECT_PAUSE)
        with contextlib.suppress(RemoteError):
            # From now on the router starts a supervisor again that dies; one of older code cannot.
            await caller.call("attach")
        self._number = max(self._number, int(hello.get("table") or 0))
        self._passed = {}
        if hello.get("listeners"):
            async for page in caller.stream("listeners"):
                self._hold(page["listeners"], caller.channel.files)
        self._caller = caller
        self._watching = asyncio.create_task(self._watch(caller))

    def _hold(self, names: list[str], files: "deque[int]") -> None:
        for name in names:
            sock = socket.socket(fileno=files.popleft())
            ours = self.sockets.setdefault(name, sock)
            if ours.getsockname() == sock.getsockname():
                self._passed[name] = ours
            if ours is not sock:
                sock.close()

    def _are_passed(self, table: tuple[Route, ...]) -> bool:
        names = (route.listener for route in table)
        return all(self._passed.get(name) is self.sockets.get(name) for name in names)

    def _drop_replaced(self, served: Mapping[str, socket.socket]) -> None:
        # One that was replaced while the table was on its way is what the router serves now.
        kept = [sock for sock in self._replaced if any(sock is one for one in served.values())]
        for sock in self._replaced:
            if sock not in kept:
                sock.close()
        self._replaced = kept

    async def _reach(self, path: str) -> Caller:
        for _ in range(CONNECT_ATTEMPTS):
            with contextlib.suppress(OSError):
                return await Caller.connect(path)
            await asyncio.sleep(CONNECT_PAUSE)
        raise FlaskshipError("the router did not start", hint=f"Its log: {self._paths.log('router')}")

    async def _watch(self, caller: Caller) -> None:
        await caller.closed.wait()
        # The sockets are still open here: clients wait in their backlog until the new router accepts.
        while not self._closing:
            try:
                async with self._changing:
                    if self._caller is caller:
                        self._caller = None
                    if self._caller is None:
                        await self._push()
                break
            except (FlaskshipError, ChannelClosed, RemoteError) as error:
                print(f"the router could not be replaced: {error}", file=sys.stderr)  # noqa: T201
                await asyncio.sleep(RETRY_SECONDS)
        await caller.close()


def _address(sock: socket.socket) -> tuple[str, int]:
    host, port = sock.getsockname()[:2]
    return host, port


def _uids(table: tuple[Route, ...]) -> frozenset[str]:
    ruled = (endpoint for route in table for rule in route.rules for endpoint in rule.endpoints)
    return frozenset(e.uid for e in (*(e for route in table for e in route.endpoints), *ruled))
