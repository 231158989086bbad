import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

import pytest

from flaskship.engines.local.channel import Channel, ChannelClosed, Message
from flaskship.engines.local.rpc import Caller, RemoteError, Responder, describe, revive
from flaskship.model.errors import About, ConfigurationError, FlaskshipError, LockedError, PortConflictError
from flaskship.model.location import Location


async def double(message: Message) -> Message:
    return {"result": message["n"] * 2}


async def refuse(_: Message) -> Message:
    raise LockedError("somebody else", hint="wait")


async def break_down(_: Message) -> Message:
    raise ValueError("a fault of ours")


async def wait_for_ever(_: Message) -> Message:
    await asyncio.Event().wait()
    return {}


async def count(message: Message) -> AsyncIterator[Message]:
    for n in range(message["upto"]):
        yield {"n": n}


class Endless:
    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    async def stream(self, _: Message) -> AsyncIterator[Message]:
        try:
            while True:
                yield {"tick": True}
                await asyncio.sleep(0)
        finally:
            self.stopped.set()


@contextlib.asynccontextmanager
async def peers(streams=None, on_event=None):
    left, right = socket.socketpair()
    caller = Caller(Channel(left), on_event)
    answers = {"double": double, "refuse": refuse, "break": break_down, "wait": wait_for_ever}
    channel = Channel(right)
    serving = asyncio.create_task(Responder(channel, answers, {"count": count, **(streams or {})}).serve())
    try:
        yield caller, channel, serving
    finally:
        await caller.close()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_call_gets_its_own_reply_whatever_else_is_under_way():
    async with peers() as (caller, _, _serving):
        waiting = asyncio.create_task(caller.call("wait"))
        replies = await asyncio.gather(*(caller.call("double", n=n) for n in range(50)))
        assert [reply["result"] for reply in replies] == [n * 2 for n in range(50)]
        assert not waiting.done()
        waiting.cancel()


async def test_a_stream_ends_when_the_peer_says_so():
    async with peers() as (caller, _, _serving):
        assert [reply["n"] async for reply in caller.stream("count", upto=3)] == [0, 1, 2]


async def test_leaving_a_stream_stops_it_on_the_other_side():
    endless = Endless()
    async with peers({"endless": endless.stream}) as (caller, _, _serving):
        async with contextlib.aclosing(caller.stream("endless")) as replies:
            async for _reply in replies:
                break
        async with asyncio.timeout(5):
            await endless.stopped.wait()


async def test_a_refusal_arrives_as_the_error_that_it_was():
    async with peers() as (caller, _, _serving):
        with pytest.raises(RemoteError) as refused:
            await caller.call("refuse")
        again = revive(refused.value.error)
        assert isinstance(again, LockedError)
        assert (again.message, again.hint, again.exit_code) == ("somebody else", "wait", 5)


@pytest.mark.parametrize(("kind", "words"), [("break", "a fault of ours"), ("nonsense", "no request")])
async def test_faults_are_told_and_the_connection_goes_on(kind, words):
    async with peers() as (caller, _, _serving):
        with pytest.raises(RemoteError, match=words):
            await caller.call(kind)
        assert (await caller.call("double", n=1))["result"] == 2


async def test_a_lost_peer_ends_every_call():
    async with peers() as (caller, _, serving):
        waiting = asyncio.create_task(caller.call("wait"))
        await caller.call("double", n=1)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        with pytest.raises(ChannelClosed):
            await waiting
        with pytest.raises(ChannelClosed):
            await caller.call("double", n=1)


async def test_a_lost_caller_cancels_what_it_asked_for():
    endless = Endless()
    async with peers({"endless": endless.stream}) as (caller, _, serving):
        reading = asyncio.create_task(anext(caller.stream("endless")))
        await reading
        await caller.close()
        async with asyncio.timeout(5):
            await endless.stopped.wait()
            await serving


async def test_what_nobody_asked_for_is_an_event():
    events: list[Message] = []
    heard = asyncio.Event()

    def note(message: Message) -> None:
        events.append(message)
        heard.set()

    async with peers(on_event=note) as (_, channel, _serving):
        await channel.send({"type": "exited", "uid": "a1"})
        async with asyncio.timeout(5):
            await heard.wait()
    assert events == [{"type": "exited", "uid": "a1"}]


@pytest.mark.parametrize("error", [{"kind": "SystemExit", "message": "no"}, "just text", {"message": "m"}])
def test_an_unknown_error_is_a_plain_one(error):
    assert type(revive(error)) is FlaskshipError


def test_an_error_is_described_without_its_traceback():
    told = describe(ConfigurationError("wrong", hint="write it so"))
    assert told["kind"] == "ConfigurationError"
    assert (told["message"], told["hint"]) == ("wrong", "write it so")
    assert not any("Traceback" in str(one) for one in told.values())


def test_where_it_is_and_what_it_is_about_are_not_lost_on_the_way():
    about = About("Service", "web", "nodePort", "spec.ports[0].nodePort")
    sent = PortConflictError("taken", location=Location("values.yaml", 3), hint="another", about=about)
    again = revive(json.loads(json.dumps(describe(sent))))
    assert type(again) is PortConflictError
    assert (again.code, again.exit_code) == ("PortConflict", 4)
    assert (again.location, again.about) == (Location("values.yaml", 3), about)
