"""A damaged state file: told with exit 4 and kept, what runs serves on, and nothing runs twice afterwards."""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contract.harness import Harness, uids
from tests.contract.local import daemons, local
from tests.contract.world import Told
from tests.integration.recovery.test_changed_ports import at, free_ports
from tests.integration.recovery.test_recovery import answers

from flaskship.engines.local import daemon
from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.identity import identify
from flaskship.engines.local.processes.proc import marked_pids
from flaskship.engines.local.processes.watch import wait_gone
from flaskship.model.errors import FlaskshipError, PortConflictError, PreflightError
from flaskship.model.project import Project
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.tasks.down import down


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    async with local(tmp_path) as one:
        yield one
        for engine in one.opened:
            await engine.close()


def database(harness: Harness) -> Path:
    return LocalPaths(harness.folder).database


def noise(file: Path) -> None:
    file.write_bytes(os.urandom(8192))


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def damaged_page(file: Path, table: str = "events") -> None:
    """A page that the disk spoilt; nothing else refers to events."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)


async def end_supervisor(harness: Harness) -> None:
    for pid in daemons(harness.folder, "supervisor"):
        who = identify(pid)
        os.kill(pid, signal.SIGTERM)
        if who is not None:
            await wait_gone(who)


async def told(engine: LocalEngine, code: str = "StateDamaged") -> FlaskshipError:
    with pytest.raises(PreflightError) as found:
        await engine.observe("dev")
    await engine.close()
    assert found.value.code == code
    return found.value


async def end_all(harness: Harness) -> None:
    project = Project(harness.folder, "demo", harness.folder, (), ())
    ended = await down(harness.engine(), project, "dev", Told(), purge=False)
    assert ended.stopped


def kept(harness: Harness) -> list[Path]:
    files = database(harness).parent.glob("state.db.damaged-*")
    return [file for file in files if not file.name.endswith(("-wal", "-shm"))]


async def running(harness: Harness) -> Snapshot:
    return await harness.succeed(harness.engine(), harness.release(*harness.web()))


@pytest.mark.parametrize("alive", [True, False], ids=["supervisor runs", "supervisor ended"])
async def test_what_can_be_read_is_taken_over_without_a_restart(harness: Harness, *, alive: bool) -> None:
    before = await running(harness)
    if not alive:
        await end_supervisor(harness)
    damaged_page(database(harness))
    said = await told(harness.engine())
    assert said.exit_code == 4
    (copy,) = kept(harness)
    assert str(copy) in said.message
    assert "dev (1 revision, it was running)" in said.message
    assert answers(before)
    after = await harness.until(harness.engine(), lambda now: now.workloads[0].ready == 1)
    assert uids(after) == uids(before)
    assert after.workloads[0].replicas[0].pid == before.workloads[0].replicas[0].pid
    assert [one.number for one in await harness.engine().history("dev")] == [1]
    assert answers(after)


@pytest.mark.parametrize("spoil", [noise, emptied])
async def test_where_nothing_can_be_read_the_next_release_starts_each_replica_once(
    harness: Harness, spoil: Callable[[Path], None]
) -> None:
    before = await running(harness)
    await end_supervisor(harness)
    spoil(database(harness))
    content = database(harness).read_bytes()
    said = await told(harness.engine())
    assert said.exit_code == 4
    assert "recovered from it: nothing" in said.message
    (copy,) = kept(harness)
    assert copy.read_bytes() == content
    assert answers(before), "what runs serves on until the next command"
    after = await running(harness)
    assert set(marked_pids(str(harness.folder))) == {f"{uid}.web.1" for uid in uids(after)}
    assert not uids(before) & uids(after)
    assert answers(after)


async def kill(harness: Harness, *roles: str) -> None:
    """All at once, as far as it goes: one that is left starts the others again."""
    found = [identify(pid) for role in roles for pid in daemons(harness.folder, role)]
    assert len(found) == len(roles)
    for who in found:
        assert who is not None
        os.kill(who.pid, signal.SIGKILL)
    for who in found:
        assert who is not None
        await wait_gone(who)


def zeros(file: Path) -> None:
    log = file.with_name("state.db-wal")
    assert log.stat().st_size > 32
    with log.open("r+b") as raw:
        raw.write(bytes(32))


def frame(file: Path) -> None:
    """One of the first: a later one would leave the lock of an apply to this process, which is alive."""
    log = file.with_name("state.db-wal")
    assert log.stat().st_size > 32 + 3 * (24 + 4096)
    with log.open("r+b") as raw:
        raw.seek(32 + 24 + 4096 + 1000)
        raw.write(b"spoilt")


def removed(file: Path) -> None:
    for path in file.parent.glob("state.db*"):
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "words", "copies"),
    [
        (zeros, "write-ahead log", 1),
        (frame, "state.db-wal is spoilt: after", 1),
        (removed, "it is missing", 0),
    ],
    ids=["the log's header", "a frame of the log", "the file is gone"],
)
@pytest.mark.parametrize(
    "roles",
    [("supervisor", "router", "spawner"), ("supervisor",)],
    ids=["all killed", "the supervisor killed"],
)
async def test_what_sqlite_takes_for_a_new_state_is_named_before_anything_is_ended(
    harness: Harness, spoil: Callable[[Path], None], words: str, copies: int, roles: tuple[str, ...]
) -> None:
    before = await running(harness)
    processes = set(marked_pids(str(harness.folder)))
    # First, since the router has a new supervisor begin at once.
    spoil(database(harness))
    await kill(harness, *roles)
    said = await told(harness.engine())
    assert said.exit_code == 4
    assert words in said.message
    assert len(kept(harness)) == copies
    assert set(marked_pids(str(harness.folder))) == processes, "what runs goes on"
    if "router" not in roles:
        assert answers(before)
    after = await running(harness)
    assert set(marked_pids(str(harness.folder))) == {f"{uid}.web.1" for uid in uids(after)}
    assert answers(after)


async def test_what_no_state_knows_serves_on_until_its_environment_is_changed(harness: Harness) -> None:
    before = await running(harness)
    await end_supervisor(harness)
    noise(database(harness))
    await told(harness.engine())
    assert marked_pids(str(harness.folder))
    engine = harness.engine()
    processes = marked_pids(str(harness.folder))
    seen = await engine.observe("dev")
    assert seen.phase is Phase.STOPPED
    assert any("the state does not know" in note for note in seen.notes)
    assert await engine.history("dev") == ()
    assert marked_pids(str(harness.folder)) == processes, "a read ends nothing"
    assert answers(before)
    lock = await engine.acquire("other", "ada", 5.0)
    await engine.delete("other", lock)
    await engine.release(lock)
    assert marked_pids(str(harness.folder)) == processes, "another environment is none of theirs"
    assert answers(before)
    await end_all(harness)
    assert not marked_pids(str(harness.folder))


async def test_a_refused_release_has_not_ended_what_no_state_knows(harness: Harness) -> None:
    before = await running(harness)
    await end_supervisor(harness)
    noise(database(harness))
    await told(harness.engine())
    processes = marked_pids(str(harness.folder))
    (taken,) = free_ports(1)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", taken))
        holder.listen()
        with pytest.raises(PortConflictError):
            await harness.apply(harness.engine(), at(harness, taken))
    assert marked_pids(str(harness.folder)) == processes, "nothing is ended for a release that is refused"
    assert answers(before)
    after = await running(harness)
    assert set(marked_pids(str(harness.folder))) == {f"{uid}.web.1" for uid in uids(after)}
    assert answers(after)


async def test_replicas_whose_intent_is_lost_serve_on_until_their_environment_is_changed(
    harness: Harness,
) -> None:
    before = await running(harness)
    await end_supervisor(harness)
    damaged_page(database(harness), "intents")
    said = await told(harness.engine())
    assert "dev (1 revision)" in said.message
    processes = marked_pids(str(harness.folder))
    seen = await harness.engine().observe("dev")
    assert any("the state does not know" in note for note in seen.notes)
    await asyncio.sleep(1.0)
    assert marked_pids(str(harness.folder)) == processes, "a read ends nothing"
    assert answers(before)
    after = await running(harness)
    assert after.release is not None
    assert after.release.revision == 2
    assert set(marked_pids(str(harness.folder))) == {f"{uid}.web.1" for uid in uids(after)}
    assert answers(after)


async def test_a_supervisor_that_nobody_asked_for_leaves_the_file_alone(harness: Harness) -> None:
    before = await running(harness)
    await end_supervisor(harness)
    noise(database(harness))
    content = database(harness).read_bytes()
    started = daemon.launch(LocalPaths(harness.folder), "--if-alone")
    assert await asyncio.to_thread(started.wait) == 4
    assert database(harness).read_bytes() == content
    assert kept(harness) == []
    assert answers(before)
    await told(harness.engine())
    await end_all(harness)


async def test_a_newer_file_is_left_alone_and_serves_on(harness: Harness) -> None:
    before = await running(harness)
    await end_supervisor(harness)
    file = database(harness)
    with contextlib.closing(sqlite3.connect(file)) as db:
        (mine,) = db.execute("PRAGMA user_version").fetchone()
        db.execute("PRAGMA user_version = 99")
        db.commit()
    was = (file.read_bytes(), file.stat().st_mtime_ns)
    said = await told(harness.engine(), "PreflightFailed")
    assert "version 99" in said.message
    with pytest.raises(PreflightError, match="version 99"):
        await harness.engine().acquire("dev", "ada", 0.0)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == was
    assert answers(before)
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute(f"PRAGMA user_version = {mine}")
        db.commit()
    after = await harness.until(harness.engine(), lambda now: now.workloads[0].ready == 1)
    assert uids(after) == uids(before)
