"""The router and the spawner begin beside the supervisor: one of each, and none where it cannot begin."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contract.local import daemons

from flaskship.engines.base import Withdrawal
from flaskship.engines.local import daemon
from flaskship.engines.local.ending import end_daemons
from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.silence import Listening
from flaskship.engines.local.steps import ALLOWED
from flaskship.model.errors import FlaskshipError, LockedError
from flaskship.model.snapshot import Phase

ROLES = {"supervisor", "router", "spawner"}


@pytest_asyncio.fixture
async def paths(tmp_path: Path) -> AsyncIterator[LocalPaths]:
    project = tmp_path.resolve()
    yield LocalPaths(project)
    for pid in daemons(project):
        os.kill(pid, signal.SIGKILL)


def roles(paths: LocalPaths) -> list[str]:
    lines = daemons(paths.project).values()
    return sorted(role for line in lines for role in ROLES if f"engines.local.{role}" in line)


async def until(paths: LocalPaths, wanted: set[str]) -> None:
    async with asyncio.timeout(20):
        while roles(paths) != sorted(wanted):
            await asyncio.sleep(0.02)


async def test_one_of_each_begins_and_all_end_again(paths: LocalPaths) -> None:
    await asyncio.to_thread(daemon.start_supervisor, paths)
    assert roles(paths) == sorted(ROLES)
    engine = LocalEngine(paths.project)
    assert await engine.environments() == {}
    await engine.shutdown()
    await until(paths, set())


async def test_supervisors_that_are_started_at_once_leave_one_of_each(paths: LocalPaths) -> None:
    starting = (asyncio.to_thread(daemon.start_supervisor, paths) for _ in range(4))
    await asyncio.gather(*starting)
    engine = LocalEngine(paths.project)
    await until(paths, ROLES)
    assert await engine.environments() == {}
    await until(paths, ROLES)
    await engine.close()


async def test_a_state_that_cannot_be_read_leaves_no_router_and_no_spawner(paths: LocalPaths) -> None:
    paths.create()
    paths.database.write_bytes(b"not a database at all" * 400)
    with pytest.raises(FlaskshipError, match="state"):
        await asyncio.to_thread(daemon.start_supervisor, paths)
    await until(paths, set())


async def test_the_crash_tests_hook_is_the_supervisors_alone(
    paths: LocalPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED, "1")
    await asyncio.to_thread(daemon.start_supervisor, paths)
    for role in ("router", "spawner"):
        (pid,) = daemons(paths.project, role)
        assert ALLOWED not in Path(f"/proc/{pid}/environ").read_text()


async def test_an_engine_that_began_is_waited_for_by_the_next_call(paths: LocalPaths) -> None:
    engine = LocalEngine(paths.project)
    engine.begin()
    engine.begin()
    lock = await engine.acquire("dev", "test", 0.0)
    await until(paths, ROLES)
    assert len(daemons(paths.project, "supervisor")) == 1
    engine.begin()
    await engine.release(lock)
    await engine.shutdown()
    await until(paths, set())


async def test_an_engine_that_began_and_is_not_needed_goes_again(paths: LocalPaths) -> None:
    engine = LocalEngine(paths.project)
    engine.begin()
    await engine.close()
    await until(paths, set())


async def test_what_is_in_the_way_of_one_that_began_is_told_by_the_next_call(paths: LocalPaths) -> None:
    paths.create()
    paths.database.write_bytes(b"not a database at all" * 400)
    engine = LocalEngine(paths.project)
    engine.begin()
    with pytest.raises(FlaskshipError, match="state") as said:
        await engine.acquire("dev", "test", 0.0)
    assert said.value.exit_code == 4
    await engine.close()
    await until(paths, set())


async def test_daemons_that_are_asked_to_end_do_so_whoever_looks_on_and_nobody_wakes_them_again(
    paths: LocalPaths,
) -> None:
    await asyncio.to_thread(daemon.start_supervisor, paths)
    watcher, engine = LocalEngine(paths.project), LocalEngine(paths.project)
    assert not await watcher.withdraw("dev", Withdrawal("me", "a test", ""))
    snapshots = watcher.follow("dev")
    assert (await anext(snapshots)).phase is Phase.STOPPED
    assert await engine.shutdown() == ""
    assert roles(paths) == []
    for _ in range(2):
        assert (await anext(snapshots)).phase is Phase.STOPPED
    assert roles(paths) == []
    await snapshots.aclose()
    await watcher.close()


async def test_a_supervisor_that_takes_no_connections_any_more_is_waited_for_all_the_same(
    paths: LocalPaths,
) -> None:
    await asyncio.to_thread(daemon.start_supervisor, paths)
    paths.socket("supervisor").unlink()
    told = await end_daemons(paths, Listening(paths), patience=0.1)
    assert "has not ended within 0.1 s" in told
    assert await end_daemons(paths, Listening(paths), patience=60.0) == ""
    assert roles(paths) == []


async def test_daemons_stay_for_a_command_at_work_which_is_named_and_end_after_it(paths: LocalPaths) -> None:
    writer, engine = LocalEngine(paths.project), LocalEngine(paths.project)
    lock = await writer.acquire("dev", "up", 1.0)
    assert await engine.shutdown() == f"up (pid {os.getpid()}) is at work"
    await writer.release(lock)
    await writer.close()
    await until(paths, set())


async def test_a_lock_outlives_a_supervisor_that_is_told_to_end(paths: LocalPaths) -> None:
    writer, other = LocalEngine(paths.project), LocalEngine(paths.project)
    lock = await writer.acquire("dev", "deploy", 1.0)
    os.kill(next(iter(daemons(paths.project, "supervisor"))), signal.SIGTERM)
    async with asyncio.timeout(20):
        while daemons(paths.project, "supervisor"):
            await asyncio.sleep(0.02)
    with pytest.raises(LockedError, match=rf"deploy \(pid {os.getpid()}\)"):
        await other.acquire("dev", "down", 0.0)
    await other.close()
    await writer.delete("dev", lock)
    await writer.release(lock)
    await writer.close()
