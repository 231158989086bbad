"""The supervisor's side door: numbered tables in, acknowledgements and counts out."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

from flaskship.engines.local.channel import MAX_FILES, Channel, ChannelClosed, Message
from flaskship.engines.local.router import journal
from flaskship.engines.local.router.forwarding import Forwarding, TableRefused
from flaskship.engines.local.router.revival import Revival
from flaskship.engines.local.routes import RouteError, from_json

PROTOCOL = 1
MAX_WAITING = 1024
MAX_SECONDS = 24 * 3600.0


class BadRequest(Exception):
    """A control request that is not one."""


class Control:
    """Answers the requests of every channel; whoever may connect is the same user."""

    def __init__(
        self,
        forwarding: Forwarding,
        state: Path,
        log: Callable[..., None],
        stop: Callable[[float], None],
        revival: Revival,
    ) -> None:
        self._forwarding = forwarding
        self._state = state
        self._log = log
        self._stop = stop
        self._revival = revival
        self._swapping = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def serve(self, listening: socket.socket) -> None:
        """Accept channels until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                sock, _ = await loop.sock_accept(listening)
                self._start(self._converse(Channel(sock)))
        finally:
            for task in list(self._tasks):
                task.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _converse(self, channel: Channel) -> None:
        waits: set[asyncio.Task[None]] = set()
        self.connections += 1
        try:
            uid = channel.peer_uid()
            if uid is not None and uid != os.getuid():
                self._log("control.refused", uid=uid)
                return
            while True:
                message = await channel.receive()
                if message.get("type") == "drain":
                    if len(waits) >= MAX_WAITING:
                        await channel.send(_error(message, f"over {MAX_WAITING} drains are waiting"))
                        continue
                    task = self._start(self._answer(channel, message))
                    waits.add(task)
                    task.add_done_callback(waits.discard)
                else:
                    await self._answer(channel, message)
        except ChannelClosed as closed:
            self._log("control.closed", reason=str(closed))
        finally:
            self.connections -= 1
            for task in waits:
                task.cancel()
            self._revival.closed(channel)
            channel.close()

    async def _answer(self, channel: Channel, message: Message) -> None:
        try:
            reply, files = await self._perform(channel, message)
        except (BadRequest, RouteError, TableRefused) as error:
            reply, files = _error(message, str(error)), []
        except OSError as error:
            reply, files = _error(message, f"{error.strerror or error}"), []
        with contextlib.suppress(ChannelClosed):
            for start in range(0, max(len(files), 1), MAX_FILES):
                part = files[start : start + MAX_FILES]
                page = reply
                if files:
                    names = reply["listeners"][start : start + MAX_FILES]
                    page = reply | {"listeners": names, "more": start + MAX_FILES < len(files)}
                await channel.send(page | {"id": message.get("id")}, part)
        if message.get("type") == "stop" and reply["type"] == "stopping":
            self._revival.end()
            self._stop(_seconds(message))

    async def _perform(self, channel: Channel, message: Message) -> tuple[Message, list[int]]:
        kind = message.get("type")
        forwarding = self._forwarding
        if kind == "table":
            return await self._table(message, _take_sockets(channel, message)), []
        if kind == "listeners":
            names = list(forwarding.listeners)
            files = [forwarding.listeners[name].socket.fileno() for name in names]
            return {"type": "listeners", "listeners": names, "more": False}, files
        answers = {
            "hello": self._hello,
            "pass": self._pass,
            "drain": self._drain,
            "stats": self._stats,
            "stop": self._stopping,
            "attach": self._attach,
            "leave": self._leave,
        }
        if kind not in answers:
            raise BadRequest(f"type {kind!r} is not known to protocol {PROTOCOL}")
        return await answers[kind](channel, message), []

    async def _hello(self, _channel: Channel, _message: Message) -> Message:
        return {
            "type": "hello",
            "pid": os.getpid(),
            "protocol": PROTOCOL,
            "table": self._forwarding.table.number,
            "listeners": list(self._forwarding.listeners),
            "missing": self._forwarding.missing,
        }

    async def _pass(self, channel: Channel, message: Message) -> Message:
        async with self._swapping:
            waiting = await self._forwarding.pass_listeners(_take_sockets(channel, message))
        return {"type": "passed", "listeners": list(self._forwarding.listeners), "waiting": waiting}

    async def _drain(self, _channel: Channel, message: Message) -> Message:
        uid = message.get("uid")
        if not isinstance(uid, str):
            raise BadRequest("drain: uid is missing")
        left = await self._forwarding.drained(uid, _seconds(message))
        return {"type": "drained", "uid": uid, "in_flight": left}

    async def _stats(self, _channel: Channel, _message: Message) -> Message:
        return {"type": "stats"} | self._forwarding.stats()

    async def _attach(self, channel: Channel, _message: Message) -> Message:
        self._revival.attach(channel)
        return {"type": "attached"}

    async def _leave(self, channel: Channel, _message: Message) -> Message:
        self._revival.leave(channel)
        return {"type": "left"}

    async def _stopping(self, _channel: Channel, message: Message) -> Message:
        return {"type": "stopping", "timeout": _seconds(message)}

    async def _table(self, message: Message, sockets: dict[str, socket.socket]) -> Message:
        try:
            table = from_json(message.get("table"))
            async with self._swapping:
                await self._forwarding.apply(table, sockets, force=message.get("force") is True)
        except (RouteError, TableRefused):
            for sock in sockets.values():
                sock.close()
            raise
        reply: Message = {"type": "ack", "number": table.number, "persisted": True}
        try:
            journal.save(self._state, table)
        except OSError as error:
            # Serving the right replicas comes before remembering them.
            self._log("table.not_persisted", path=str(self._state), error=str(error))
            reply["persisted"] = False
        return reply


def _take_sockets(channel: Channel, message: Message) -> dict[str, socket.socket]:
    names = message.get("listeners", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequest("listeners: a list of names is expected")
    files = [channel.files.popleft() for _ in range(min(len(names), len(channel.files)))]
    if len(files) < len(names) or len(set(names)) < len(names):
        for number in files:
            os.close(number)
        raise BadRequest(f"{len(names)} listeners were named, {len(files)} files came with them")
    sockets: dict[str, socket.socket] = {}
    try:
        for name, number in zip(names, files, strict=True):
            sockets[name] = socket.socket(fileno=number)
            sockets[name].setblocking(False)
            os.set_inheritable(number, False)
            if sockets[name].type != socket.SOCK_STREAM:
                raise BadRequest(f"listener {name!r} is no stream socket")
            if not sockets[name].getsockname()[1]:
                raise BadRequest(f"listener {name!r} is not bound to a port")
    except (OSError, BadRequest) as error:
        for sock in sockets.values():
            sock.close()
        for number in files[len(sockets) :]:
            os.close(number)
        raise BadRequest(f"a file that came as a listener cannot be one: {error}") from error
    return sockets


def _seconds(message: Message) -> float:
    value = message.get("timeout", 30)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MAX_SECONDS:
        raise BadRequest(f"timeout: seconds from 0 to {MAX_SECONDS:g} are expected, not {value!r}")
    return float(value)


def _error(message: Message, text: str) -> Message:
    return {"type": "error", "id": message.get("id"), "of": message.get("type"), "error": text}
