"""The supervisor's side: ask the spawner, and hear which replicas ended."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, Self

from flaskship.engines.local.channel import Channel, ChannelClosed, Message
from flaskship.engines.local.spawner.records import Record
from flaskship.model.frozen import dataclass

_MOST_EVENTS = 10_000


class SpawnerRefused(Exception):
    """The spawner answered no: `code` is stable, `message` names what was in the way."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Child:
    """One replica as the spawner knows it."""

    record: Record
    orphans: int = 0


class Spawner:
    """A connection to the spawner; every call raises ChannelClosed when it has gone."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._events: asyncio.Queue[Record | None] = asyncio.Queue(_MOST_EVENTS)
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, socket: str, *, attempts: int = 1, pause: float = 0.02) -> Self:
        """Return a connection; OSError when nobody listens after so many attempts."""
        for left in range(attempts - 1, -1, -1):
            try:
                return cls(await Channel.connect(socket))
            except OSError:
                if not left:
                    raise
            await asyncio.sleep(pause)
        raise ValueError("attempts must be at least 1")

    async def hello(self) -> tuple[int, int, list[Child]]:
        """Return the spawner's pid, its protocol and its children."""
        answer = await self._ask({"type": "hello"})
        return int(answer["pid"]), int(answer["protocol"]), _children(answer)

    async def spawn(
        self,
        uid: str,
        argv: list[str],
        *,
        env: dict[str, str],
        cwd: str,
        log: str,
        cgroup: list[str] | None = None,
        rlimits: dict[str, int] | None = None,
        umask: int = 0o077,
        nice: int = 0,
        writable: Sequence[str] | None = None,
    ) -> Record:
        """Return the replica's process, the existing one if the uid has one; SpawnerRefused says why not."""
        request = {"uid": uid, "argv": argv, "env": env, "cwd": cwd, "log": log, "cgroup": cgroup}
        bound = None if writable is None else [*writable]
        options = {"rlimits": rlimits, "umask": umask, "nice": nice, "writable": bound}
        return Record.from_json(await self._ask({"type": "spawn", **request, **options}))

    async def signal(self, uid: str, number: int, *, group: bool = False) -> bool:
        """Return whether there was a process to signal."""
        answer = await self._ask({"type": "signal", "uid": uid, "signal": number, "group": group})
        return bool(answer["sent"])

    async def list(self) -> "list[Child]":
        """Return all replicas that are not forgotten."""
        return _children(await self._ask({"type": "list"}))

    async def forget(self, uid: str) -> None:
        """Remove an ended replica and its file."""
        await self._ask({"type": "forget", "uid": uid})

    async def stop(self, *, force: bool = False, grace: float = 5.0) -> int:
        """Tell the spawner to end with its last child; return how many run."""
        answer = await self._ask({"type": "stop", "force": force, "grace": grace})
        return int(answer["children"])

    async def endings(self) -> AsyncIterator[Record]:
        """Yield every replica that ends; finish when the spawner has gone."""
        while (record := await self._events.get()) is not None:
            yield record

    async def close(self) -> None:
        """Leave; the spawner and its children go on."""
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        self._channel.close()

    async def _ask(self, message: dict[str, Any]) -> Message:
        if self._reader.done():
            raise ChannelClosed("the spawner has gone")
        number = next(self._ids)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._channel.send(message | {"id": number})
            reply = await answer
        finally:
            self._answers.pop(number, None)
        if "error" in reply:
            raise SpawnerRefused(str(reply["error"]["code"]), str(reply["error"]["message"]))
        return reply

    async def _read(self) -> None:
        reason = ChannelClosed("the connection to the spawner was closed")
        try:
            while True:
                message = await self._channel.receive()
                if message.get("type") == "exited":
                    await self._events.put(Record.from_json(message))
                elif (answer := self._answers.get(message.get("id", 0))) is not None and not answer.done():
                    answer.set_result(message)
        except ChannelClosed as closed:
            reason = closed
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(reason)
            with suppress(asyncio.QueueFull):
                self._events.put_nowait(None)


def _children(answer: Message) -> list[Child]:
    return [Child(Record.from_json(shown), int(shown.get("orphans", 0))) for shown in answer["children"]]
