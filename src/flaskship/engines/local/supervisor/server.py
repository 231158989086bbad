"""The control socket: what commands may ask of the supervisor."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from flaskship.engines.base import Withdrawal
from flaskship.engines.local.channel import Channel, ChannelClosed, Message
from flaskship.engines.local.processes.identity import ProcessIdentity
from flaskship.engines.local.rpc import Answer, Responder, Stream
from flaskship.engines.local.state import State
from flaskship.engines.local.supervisor.log_stream import stream_logs
from flaskship.engines.local.supervisor.supervisor import Supervisor
from flaskship.model.release import Release
from flaskship.model.verdict import Receipt, Verdict

PROTOCOL = 1
FOLLOW_SECONDS = 1.0
DEBOUNCE_SECONDS = 0.01
REST, LONGEST_REST = 5.0, 0.5
"""A snapshot of many replicas costs: who follows waits for so many times what the last one took."""


class Server:
    """Answers on a private Unix socket; the lock of a command lives as long as its connection."""

    def __init__(self, supervisor: Supervisor, path: Path) -> None:
        self._supervisor = supervisor
        self._path = path
        self._connections: set[asyncio.Task[None]] = set()
        self.idle = asyncio.Event()
        self.idle.set()

    def listen(self) -> socket.socket:
        """Return the listening socket: commands can connect from now on."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listener.bind(str(self._path))
        finally:
            os.umask(before)
        listener.listen(64)
        listener.setblocking(False)
        return listener

    async def serve(self, listener: socket.socket) -> None:
        """Accept connections until cancelled."""
        try:
            while True:
                accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
                task = asyncio.create_task(self._connection(Channel(accepted)))
                self._connections.add(task)
                self.idle.clear()
                task.add_done_callback(self._left)
        finally:
            listener.close()
            self._path.unlink(missing_ok=True)
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def _left(self, task: "asyncio.Task[None]") -> None:
        self._connections.discard(task)
        if not self._connections:
            self.idle.set()

    async def _connection(self, channel: Channel) -> None:
        if channel.peer_uid() not in (None, os.getuid()):
            channel.close()
            return
        session = Session(self._supervisor)
        try:
            await Responder(channel, session.answers(), session.streams()).serve()
        finally:
            await session.end()


class Session:
    """One command's connection, with the locks that it holds."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._locks: dict[str, str] = {}
        self._deleting: set[asyncio.Task[None]] = set()

    def answers(self) -> dict[str, Answer]:
        """Return the requests with one reply."""
        return {
            "hello": self._hello,
            "acquire": self._acquire,
            "resume": self._resume,
            "release": self._release,
            "withdraw": self._withdraw,
            "apply": self._apply,
            "conclude": self._conclude,
            "observe": self._observe,
            "steer": self._steer,
            "events": self._events,
            "history": self._history,
            "recall": self._recall,
            "delete": self._delete,
            "environments": self._environments,
            "statistics": self._statistics,
            "shutdown": self._shutdown,
            "retire": self._retire,
        }

    def streams(self) -> dict[str, Stream]:
        """Return the requests with many replies."""
        return {"follow": self._follow, "logs": self._logs, "withdrawn": self._withdrawn}

    async def end(self) -> None:
        """Give back what the command held; its unfinished rollout is finished here."""
        await asyncio.gather(*self._deleting, return_exceptions=True)
        if self._supervisor.leaving:
            return  # whoever holds one resumes it with the next supervisor, which sees that its owner lives
        for environment, token in self._locks.items():
            await self._let_go(environment, token)

    async def _hello(self, _: Message) -> Message:
        return {"protocol": PROTOCOL, "pid": os.getpid(), "version": self._supervisor.version}

    async def _retire(self, _: Message) -> Message:
        """Make room for newer code; replicas do not notice. Whoever holds a lock is not disturbed."""
        if busy := self._supervisor.busy():
            return {"busy": busy}
        self._supervisor.leaving = True
        self._supervisor.retired.set()
        return {}

    async def _acquire(self, message: Message) -> Message:
        if self._supervisor.leaving:
            raise ChannelClosed("the next supervisor grants it")
        lock = await self._supervisor.locks.acquire(
            str(message["environment"]),
            str(message["owner"]),
            ProcessIdentity(int(message["pid"]), int(message["start_time"]), str(message["boot_id"])),
            float(message["timeout"]),
            str(message["token"]),
        )
        self._locks[lock.environment] = lock.token
        return {"token": lock.token}

    async def _resume(self, message: Message) -> Message:
        self._supervisor.locks.require(str(message["environment"]), str(message["token"]))
        self._locks[str(message["environment"])] = str(message["token"])
        return {}

    async def _release(self, message: Message) -> Message:
        environment = str(message["environment"])
        self._locks.pop(environment, None)
        await self._let_go(environment, str(message["token"]))
        return {}

    async def _let_go(self, environment: str, token: str) -> None:
        locks = self._supervisor.locks
        # Who asked for it takes the lock now, and puts back what it wants: if it dies, that is seen later.
        awaited = locks.is_asked(token)
        await locks.give_back(environment, token)
        if not awaited:
            self._supervisor.command_lost(environment)

    async def _withdraw(self, message: Message) -> Message:
        wanted = msgspec.convert(message["wanted"], Withdrawal)
        return {"asked": await self._supervisor.locks.withdraw(str(message["environment"]), wanted)}

    async def _withdrawn(self, message: Message) -> AsyncIterator[Message]:
        """Answer once, when it is: a stream, which a lost supervisor does not end."""
        wanted = await self._supervisor.locks.withdrawn(str(message["token"]))
        yield {"wanted": msgspec.to_builtins(wanted)}

    async def _apply(self, message: Message) -> Message:
        release = msgspec.convert(message["release"], Release)
        token, key = str(message["token"]), str(message["key"])
        return {"revision": await self._supervisor.apply(release, token, key)}

    async def _conclude(self, message: Message) -> Message:
        verdict = msgspec.convert(message["verdict"], Verdict)
        receipt = msgspec.convert(message["receipt"], Receipt | None)
        environment, revision = str(message["environment"]), int(message["revision"])
        self._supervisor.conclude(environment, revision, verdict, receipt, str(message["token"]))
        return {}

    async def _observe(self, message: Message) -> Message:
        return {"snapshot": msgspec.to_builtins(self._supervisor.observe(str(message["environment"])))}

    async def _steer(self, message: Message) -> Message:
        self._supervisor.steer(
            str(message["environment"]), str(message["workload"]), message["action"], str(message["token"])
        )
        return {}

    async def _events(self, message: Message) -> Message:
        return {"events": msgspec.to_builtins(self._state.events(str(message["environment"])))}

    async def _history(self, message: Message) -> Message:
        revisions = self._state.revisions(str(message["environment"]))
        return {"revisions": msgspec.to_builtins(revisions)}

    async def _recall(self, message: Message) -> Message:
        release = self._state.release(str(message["environment"]), int(message["revision"]))
        return {"release": msgspec.to_builtins(release)}

    async def _delete(self, message: Message) -> Message:
        purge = bool(message.get("purge"))
        work = self._supervisor.delete(str(message["environment"]), str(message["token"]), purge=purge)
        # Half a deletion is worse than one that nobody waits for.
        task = asyncio.create_task(work)
        self._deleting.add(task)
        task.add_done_callback(self._deleting.discard)
        await asyncio.shield(task)
        return {}

    async def _environments(self, _: Message) -> Message:
        known = {intent.environment: intent.running for intent in self._state.intents()}
        return {"environments": known}

    async def _statistics(self, _: Message) -> Message:
        return {"statistics": await self._supervisor.link.statistics()}

    async def _shutdown(self, _: Message) -> Message:
        """End now, whoever looks on; with running environments or a command at work once that is over."""
        running, busy = sorted(self._supervisor.environments), self._supervisor.busy()
        self._supervisor.leaving = not self._supervisor.holds and not busy
        (self._supervisor.retired if self._supervisor.leaving else self._supervisor.ended).set()
        return {"running": running, "busy": busy, "leaving": self._supervisor.leaving}

    async def _follow(self, message: Message) -> AsyncIterator[Message]:
        environment = str(message["environment"])
        changed = asyncio.Event()
        runtime = None
        try:
            while True:
                current = self._supervisor.environments.get(environment)
                if current is not runtime:
                    if runtime is not None:
                        runtime.subscribers.discard(changed)
                    runtime = current
                    if runtime is not None:
                        runtime.subscribers.add(changed)
                changed.clear()
                began = time.monotonic()
                yield await self._observe(message)
                took = time.monotonic() - began
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FOLLOW_SECONDS):
                        await changed.wait()
                await asyncio.sleep(min(max(DEBOUNCE_SECONDS, REST * took), LONGEST_REST))
        finally:
            if runtime is not None:
                runtime.subscribers.discard(changed)

    async def _logs(self, message: Message) -> AsyncIterator[Message]:
        async for line in stream_logs(
            self._supervisor,
            str(message["environment"]),
            message.get("application"),
            tail=int(message["tail"]),
            follow=bool(message["follow"]),
        ):
            yield {"line": msgspec.to_builtins(line)}

    @property
    def _state(self) -> State:
        return self._supervisor.world.state
