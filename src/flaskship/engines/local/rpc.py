"""Requests, replies and streams over a channel: the caller's side and the answering side."""

import asyncio
import contextlib
import functools
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from flaskship.engines.local.channel import Channel, ChannelClosed, Message
from flaskship.model import errors
from flaskship.model.errors import About, FlaskshipError
from flaskship.model.location import Location

STREAM_BACKLOG = 1000


class RemoteError(Exception):
    """The peer answered with an error; `error` is what it sent."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error.get("message", error) if isinstance(error, dict) else error))
        self.error = error


class Caller:
    """The asking side: call() for one reply, stream() for many; other messages go to on_event."""

    def __init__(self, channel: Channel, on_event: Callable[[Message], None] | None = None) -> None:
        self.channel = channel
        self.closed = asyncio.Event()
        self.given_up: FlaskshipError | None = None
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[Message | None]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, path: str, on_event: Callable[[Message], None] | None = None) -> "Caller":
        """Return a caller to the socket at path; OSError where nobody listens."""
        return cls(await Channel.connect(path), on_event)

    async def call(self, kind: str, *, files: Sequence[int] = (), **payload: Any) -> Message:
        """Return the reply; RemoteError when the peer refused, ChannelClosed when it went away."""
        async with contextlib.aclosing(self._exchange(kind, files, payload, once=True)) as replies:
            async for reply in replies:
                return reply
        raise ChannelClosed("the peer closed the connection")

    async def stream(self, kind: str, **payload: Any) -> AsyncGenerator[Message, None]:
        """Yield replies until the peer says end, or that no more follow."""
        async with contextlib.aclosing(self._exchange(kind, (), payload, once=False)) as replies:
            async for reply in replies:
                if reply.get("end"):
                    return
                yield reply
                if reply.get("more") is False:
                    return
        raise ChannelClosed("the peer closed the connection")

    async def _exchange(
        self, kind: str, files: Sequence[int], payload: dict[str, Any], *, once: bool
    ) -> AsyncGenerator[Message, None]:
        number = next(self._ids)
        answered = False
        replies: asyncio.Queue[Message | None] = asyncio.Queue(STREAM_BACKLOG)
        self._waiting[number] = replies
        try:
            if self.closed.is_set():
                return
            await self.channel.send({**payload, "type": kind, "id": number}, files)
            while (reply := await replies.get()) is not None:
                answered = once or "error" in reply or bool(reply.get("end")) or reply.get("more") is False
                if reply.get("error") is not None:
                    raise RemoteError(reply["error"])
                yield reply
        finally:
            del self._waiting[number]
            if not answered and not self.closed.is_set():
                with contextlib.suppress(ChannelClosed):
                    await self.channel.send({"type": "cancel", "id": next(self._ids), "request": number})

    async def _read(self) -> None:
        try:
            while True:
                message = await self.channel.receive()
                queue = self._waiting.get(message.get("id", 0))
                if queue is not None:
                    await queue.put(message)
                elif "id" not in message and self._on_event:
                    self._on_event(message)
        except ChannelClosed:
            pass
        finally:
            self.closed.set()
            self._wake()

    def give_up(self, why: FlaskshipError) -> None:
        """Expect nothing more of a silent peer: calls under way see ChannelClosed, and nothing is sent."""
        self.given_up = why
        self.closed.set()
        self._wake()

    def _wake(self) -> None:
        for queue in self._waiting.values():
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    async def close(self) -> None:
        """End the connection; calls under way see ChannelClosed."""
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        self.channel.close()


Answer = Callable[[Message], Awaitable[Message]]
Stream = Callable[[Message], AsyncIterator[Message]]


class Responder:
    """The answering side of one connection: each request runs in a task of its own."""

    def __init__(self, channel: Channel, answers: dict[str, Answer], streams: dict[str, Stream]) -> None:
        self.channel = channel
        self._answers = answers
        self._streams = streams
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Answer until the peer goes away; its unfinished requests are cancelled then."""
        try:
            while True:
                message = await self.channel.receive()
                number = message.get("id")
                if not isinstance(number, int):
                    continue
                if message.get("type") == "cancel":
                    if task := self._tasks.get(message.get("request", 0)):
                        task.cancel()
                    continue
                task = asyncio.create_task(self._answer(number, message))
                self._tasks[number] = task
                task.add_done_callback(functools.partial(self._forget, number))
        except ChannelClosed:
            pass
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.channel.close()

    def _forget(self, number: int, _: "asyncio.Task[None]") -> None:
        self._tasks.pop(number, None)

    async def _answer(self, number: int, message: Message) -> None:
        kind = str(message.get("type"))
        try:
            if stream := self._streams.get(kind):
                async for reply in stream(message):
                    await self.channel.send({**reply, "id": number})
                await self.channel.send({"id": number, "end": True})
            elif answer := self._answers.get(kind):
                await self.channel.send({**await answer(message), "id": number})
            else:
                await self._refuse(number, {"code": "UnknownRequest", "message": f"no request {kind!r} here"})
        except ChannelClosed:
            pass
        except FlaskshipError as error:
            await self._refuse(number, describe(error))
        except Exception as error:
            await self._refuse(number, {"code": "Internal", "message": f"{type(error).__name__}: {error}"})

    async def _refuse(self, number: int, error: Message) -> None:
        with contextlib.suppress(ChannelClosed):
            await self.channel.send({"id": number, "error": error})


def describe(error: FlaskshipError) -> Message:
    """Return the error as JSON, so that the other side can raise it again."""
    place, about = error.location, error.about
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "location": [place.file, place.line] if place else None,
        "about": [about.kind, about.name, about.field, about.path] if about else None,
    }


def revive(error: Any) -> FlaskshipError:
    """Return the error that describe() described; an unknown kind becomes a plain FlaskshipError."""
    fields = error if isinstance(error, dict) else {"message": str(error)}
    kind = getattr(errors, str(fields.get("kind")), FlaskshipError)
    if not (isinstance(kind, type) and issubclass(kind, FlaskshipError)):
        kind = FlaskshipError
    place, about = fields.get("location"), fields.get("about")
    return kind(
        str(fields.get("message", "the supervisor refused")),
        location=Location(*place) if place else None,
        hint=fields.get("hint"),
        about=About(*about) if about else None,
    )
