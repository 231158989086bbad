import asyncio
import contextlib
import os
import socket

import pytest

from flaskship.engines.local import silence
from flaskship.engines.local.channel import Channel, ChannelClosed
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.rpc import Caller, RemoteError, Responder
from flaskship.engines.local.silence import Listening, recorded_pid
from flaskship.model.errors import LockedError, PreflightError, UnresponsiveError

ME = str(os.getpid())


@pytest.fixture
def paths(tmp_path):
    paths = LocalPaths(tmp_path)
    paths.create()
    paths.supervisor_lock.write_text(ME)
    return paths


@contextlib.asynccontextmanager
async def calling(*, answering: bool):
    left, right = socket.socketpair()
    caller, channel = Caller(Channel(left)), Channel(right)
    slow = asyncio.Event()

    async def hello(_):
        return {"pid": 7}

    async def wait(_):
        await slow.wait()
        return {"late": True}

    async def refuse(_):
        raise LockedError("somebody else")

    answers = {"hello": hello, "wait": wait, "refuse": refuse} if answering else {}
    serving = asyncio.create_task(
        Responder(channel, answers, {}).serve() if answering else asyncio.Event().wait()
    )
    try:
        yield caller, slow
    finally:
        await caller.close()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        channel.close()


def stop(monkeypatch, stopped: bool) -> None:
    monkeypatch.setattr(silence, "is_stopped", lambda pid: stopped and pid == os.getpid())


async def test_a_greeting_that_is_answered_is_returned(paths):
    async with calling(answering=True) as (caller, _):
        assert (await Listening(paths, look=0.01).hello(caller))["pid"] == 7


async def test_a_stopped_supervisor_is_told_at_the_first_look_with_what_to_do(paths, monkeypatch):
    stop(monkeypatch, True)
    async with calling(answering=False) as (caller, _):
        with pytest.raises(UnresponsiveError) as said:
            await Listening(paths, look=0.01, patience=1000).hello(caller)
        with pytest.raises(ChannelClosed):
            await caller.call("observe")
    assert said.value.message == f"the supervisor (pid {ME}) is stopped and answers nothing"
    assert f"kill -CONT {ME}" in said.value.hint
    assert f"kill -9 {ME}" in said.value.hint
    assert isinstance(said.value, PreflightError)
    assert said.value.exit_code == 4


async def test_one_that_runs_and_is_silent_is_waited_for_and_then_told_with_its_log(paths, monkeypatch):
    stop(monkeypatch, False)
    async with calling(answering=False) as (caller, _):
        with pytest.raises(UnresponsiveError) as said:
            await Listening(paths, look=0.01, patience=0.05).hello(caller)
    assert "has not answered for 0.05 s" in said.value.message
    assert str(paths.log("supervisor")) in said.value.hint


async def test_a_silence_in_the_middle_of_a_call_ends_it(paths, monkeypatch):
    stop(monkeypatch, True)
    async with calling(answering=False) as (caller, _):
        with pytest.raises(UnresponsiveError):
            async with Listening(paths, look=0.01).attended(caller):
                await caller.call("observe")


async def test_a_request_too_large_for_the_sockets_buffer_ends_as_well(paths, monkeypatch):
    stop(monkeypatch, True)
    async with calling(answering=False) as (caller, _):
        with pytest.raises(UnresponsiveError):
            async with Listening(paths, look=0.01).attended(caller):
                await caller.call("apply", release="x" * (8 << 20))


async def test_a_long_call_to_one_that_answers_greetings_is_waited_for(paths):
    async with calling(answering=True) as (caller, slow):
        asyncio.get_running_loop().call_later(0.1, slow.set)
        async with Listening(paths, look=0.01, patience=0.05).attended(caller):
            assert (await caller.call("wait"))["late"] is True


async def test_what_the_call_itself_comes_to_is_left_as_it_is(paths):
    async with calling(answering=True) as (caller, _):
        with pytest.raises(RemoteError):
            async with Listening(paths, look=0.01).attended(caller):
                await caller.call("refuse")
        with pytest.raises(TimeoutError):
            async with Listening(paths, look=0.01).attended(caller), asyncio.timeout(0.05):
                await asyncio.Event().wait()


def test_a_pid_that_nobody_wrote_down_is_none(tmp_path):
    assert recorded_pid(tmp_path / "none") is None
    (tmp_path / "empty").write_text("")
    assert recorded_pid(tmp_path / "empty") is None


async def test_without_a_recorded_pid_it_says_so_without_one(paths, monkeypatch):
    paths.supervisor_lock.write_text("")
    async with calling(answering=False) as (caller, _):
        with pytest.raises(UnresponsiveError, match=r"^the supervisor has not answered"):
            await Listening(paths, look=0.01, patience=0.03).hello(caller)
