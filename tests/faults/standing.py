"""Faults of the engine itself: its daemons, its locks, the machine under it."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable

import pytest
from tests.faults import operations
from tests.faults.operations import Case, whole
from tests.faults.results import Seen
from tests.faults.town import IMAGE, Town, alive, python

from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.processes import proc
from flaskship.engines.local.resting import Resting
from flaskship.model.errors import LockedError, UnresponsiveError
from flaskship.model.snapshot import Phase

Fault = Callable[[Town], Awaitable[Seen]]
NAME = "town"


async def running(town: Town) -> str:
    """The address of a server that runs."""
    engine = town.engine()
    snapshot = await engine.observe(NAME)
    await engine.close()
    if not whole(snapshot):
        # Nothing runs, or what a case before has scaled: a deploy brings it to one replica.
        await operations.update(Case(town, NAME, f"v{town.number()}"))
    return operations.url(await town.settle(NAME, lambda s, _: whole(s)))


def killed(*roles: str) -> Fault:
    """Nobody is asking anything; each of these is killed, and all are there again by themselves."""

    async def run(town: Town) -> Seen:
        url = await running(town)
        before = await _uids(town)
        with town.watch(url) as watch:
            begun = time.monotonic()
            dead = [pid for role in roles if (pid := town.daemon(role)) is not None]
            for pid in dead:
                os.kill(pid, signal.SIGKILL)
            await town.until(lambda: not any(map(alive, dead)))
            await town.until(lambda: all(town.daemon(role) for role in ("supervisor", "router", "spawner")))
            seconds = time.monotonic() - begun
            await town.settle(NAME, lambda s, _: whole(s))
        assert not watch.doubles
        assert await _uids(town) == before
        return Seen(
            "none",
            f"{', '.join(roles)}: started again, every replica kept",
            seconds,
            watch.sent,
            len(watch.failed),
        )

    return run


INITIALIZING = """
import os, sys, time
runs, gate = sys.argv[1:]
with open(runs, 'a') as told: told.write('begun\\n')
while not os.path.exists(gate): time.sleep(0.01)
with open(runs, 'a') as told: told.write('done\\n')
"""


async def unseen_initialization(town: Town) -> Seen:
    """The spawner dies while an initContainer runs: what that ended with nobody learns, so it is repeated."""
    url = await running(town)
    number = town.number()
    runs, gate = (town.project.parent / f"{name}{number}" for name in ("runs", "gate"))
    release = town.web(NAME, f"v{number}")
    pod = release.documents[0]["spec"]["template"]["spec"]
    command = ["python", "-I", "-S", "-c", INITIALIZING, str(runs), str(gate)]
    pod["initContainers"] = [{"name": "migrate", "image": IMAGE, "command": command}]
    with town.watch(url) as watch:
        deploying = asyncio.create_task(operations.deploy(town, release))
        await town.until(lambda: deploying.done() or runs.exists(), what="the initContainer has begun")
        dead = town.daemon("spawner")
        assert dead is not None
        begun = time.monotonic()
        os.kill(dead, signal.SIGKILL)
        await town.until(lambda: not alive(dead) and town.daemon("spawner") is not None)
        gate.touch()
        moved = await deploying
        seconds = time.monotonic() - begun
    assert moved.successful, moved
    assert runs.read_text().split() == ["begun", "done"] * 2
    await town.settle(NAME, lambda s, _: whole(s))
    assert operations.ask(url) == (200, f"v{number}")
    assert not watch.doubles
    assert watch.failed == []
    return Seen("none", "the initContainer is repeated, and the deploy goes on", seconds, watch.sent, 0)


async def _uids(town: Town) -> set[str]:
    engine = town.engine()
    try:
        return operations.uids(await engine.observe(NAME))
    finally:
        await engine.close()


def moved(operation: str) -> Fault:
    """No fault at all: the operation under requests, as the measure of the others."""

    async def run(town: Town) -> Seen:
        url = await running(town)
        with town.watch(url) as watch:
            begun = time.monotonic()
            await operations.OPERATIONS[operation](Case(town, NAME, f"v{town.number()}"))
            seconds = time.monotonic() - begun
            await town.settle(NAME, lambda s, _: whole(s))
        assert watch.failed == []
        return Seen(
            "none" if operation == "update" else "PythonImportError", operation, seconds, watch.sent, 0
        )

    return run


async def second_writer(town: Town) -> Seen:
    await running(town)
    first, second = town.engine(), town.engine()
    lock = await first.acquire(NAME, "ada: deploy", 5.0)
    begun = time.monotonic()
    try:
        with pytest.raises(LockedError, match=f"ada: deploy \\(pid {os.getpid()}\\) since") as held:
            await second.acquire(NAME, "grace: deploy", 0.0)
    finally:
        await first.release(lock)
        await first.close()
        await second.close()
    return Seen(f"exit {held.value.exit_code}", held.value.message, time.monotonic() - begun)


async def patient_writer(town: Town) -> Seen:
    await running(town)
    first, second = town.engine(), town.engine()
    lock = await first.acquire(NAME, "ada: deploy", 5.0)
    waiting = asyncio.create_task(second.acquire(NAME, "grace: deploy", 20.0))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    begun = time.monotonic()
    await first.release(lock)
    await second.release(await waiting)
    await first.close()
    await second.close()
    return Seen(
        "none", "the second writer waits and goes on as soon as the first is done", time.monotonic() - begun
    )


async def dead_owner(town: Town) -> Seen:
    """A lock in the state whose owner died, with the supervisor that could have noticed."""
    await running(town)
    program = (
        "import asyncio, os, sys, pathlib\n"
        "from flaskship.engines.local.engine import LocalEngine\n"
        "async def main():\n"
        " await LocalEngine(pathlib.Path(sys.argv[1])).acquire('town', 'ada: deploy', 5.0)\n"
        " print('held', flush=True)\n"
        " await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(python("-c", program, str(town.project)), stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert await asyncio.to_thread(owner.stdout.readline) == b"held\n"
        supervisor = town.daemon("supervisor")
        assert supervisor is not None
        begun = time.monotonic()
        os.kill(supervisor, signal.SIGKILL)
        owner.kill()
    engine = town.engine()
    await engine.release(await engine.acquire(NAME, "grace: deploy", 10.0))
    await engine.close()
    return Seen("none", "the lock of a dead owner is taken over", time.monotonic() - begun)


async def rebooted(town: Town) -> Seen:
    """Everything is gone, and what is on disk is of another boot."""
    await running(town)
    for role in ("supervisor", "router", "spawner"):
        # The one that would start the others again goes first.
        for pid in [pid for pid, found in town.daemons().items() if found in (role, "supervisor")]:
            os.kill(pid, signal.SIGKILL)
    await town.until(lambda: not town.daemons())
    for pids in proc.marked_pids(str(town.project)).values():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    with contextlib.closing(sqlite3.connect(town.paths.database)) as db:
        db.execute("UPDATE processes SET boot_id = 'an earlier boot'")
        db.commit()
    for file in town.paths.exits.glob("*.replica.json"):
        file.write_text(file.read_text().replace(proc.boot_id(), "an earlier boot"))
    with Resting(town.paths) as resting:
        assert resting.environments()[NAME] is True
        assert not resting.quiet
    begun = time.monotonic()
    await town.settle(NAME, lambda s, _: whole(s))
    return Seen("none", "the state says what ran; the next command brings it back", time.monotonic() - begun)


async def frozen_supervisor(town: Town) -> Seen:
    """A supervisor that is stopped, not dead: the router serves on, and so does it once it continues."""
    url = await running(town)
    pid = town.daemon("supervisor")
    assert pid is not None
    begun = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    try:
        with town.watch(url) as watch:
            await asyncio.sleep(0.5)
    finally:
        os.kill(pid, signal.SIGCONT)
    await town.settle(NAME, lambda s, _: whole(s))
    assert watch.failed == []
    return Seen("none", "the router serves on", time.monotonic() - begun, watch.sent, 0)


async def silent_supervisor(town: Town) -> Seen:
    """Whatever a command asks of a stopped supervisor, it learns that soon, and the state stays readable."""
    await running(town)
    pid = town.daemon("supervisor")
    assert pid is not None
    took = []
    os.kill(pid, signal.SIGSTOP)
    try:
        for ask in _questions():
            engine = town.engine()
            begun = time.monotonic()
            with pytest.raises(UnresponsiveError) as said:
                await ask(engine)
            took.append(time.monotonic() - begun)
            recorded = engine.recorded(NAME)
            await engine.close()
            assert f"(pid {pid}) is stopped" in said.value.message
            assert f"kill -CONT {pid}" in str(said.value.hint)
            assert recorded.phase is Phase.UNKNOWN
            assert recorded.release is not None
            assert [(one.name, one.ready) for one in recorded.workloads] == [("web", 1)]
    finally:
        os.kill(pid, signal.SIGCONT)
    await town.settle(NAME, lambda s, _: whole(s))
    return Seen(f"exit {said.value.exit_code}", said.value.message.replace(f" {pid}", " PID"), max(took))


def _questions() -> tuple[Callable[[LocalEngine], Awaitable[object]], ...]:
    return (
        lambda engine: engine.observe(NAME),
        lambda engine: engine.acquire(NAME, "ada: deploy", 0.0),
        lambda engine: engine.history(NAME),
        lambda engine: engine.environments(),
        lambda engine: anext(aiter(engine.follow(NAME))),
        lambda engine: anext(aiter(engine.logs(NAME, None))),
        lambda engine: engine.shutdown(),
    )


async def stopped_spawner(town: Town) -> Seen:
    """A new supervisor waits for a spawner that is stopped: the one who started it is told why."""
    await running(town)
    supervisor, spawner, router = (town.daemon(role) for role in ("supervisor", "spawner", "router"))
    assert supervisor is not None
    assert spawner is not None
    assert router is not None
    os.kill(router, signal.SIGSTOP)  # it would start another supervisor before we can
    os.kill(spawner, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    await town.until(lambda: not alive(supervisor))
    engine = town.engine()
    begun = time.monotonic()
    try:
        with pytest.raises(UnresponsiveError, match="is stopped, and a new supervisor waits for it") as said:
            await engine.observe(NAME)
        seconds = time.monotonic() - begun
    finally:
        for pid in (spawner, router):
            os.kill(pid, signal.SIGCONT)
        await engine.close()
    await town.settle(NAME, lambda s, _: whole(s))
    words = said.value.message.replace(f" {spawner}", " PID").replace(f" {router}", " PID")
    return Seen(f"exit {said.value.exit_code}", words, seconds)


async def damaged_table(town: Town) -> Seen:
    """The router's own file is damaged, and the router dies: it begins with what the supervisor pushes."""
    url = await running(town)
    town.paths.routes.write_text("{")
    pid = town.daemon("router")
    assert pid is not None
    with town.watch(url) as watch:
        begun = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        await town.until(lambda: town.daemon("router") not in (None, pid))
        await town.until(lambda: operations.ask(url)[0] == 200)
        seconds = time.monotonic() - begun
    return Seen(
        "none", "a new router begins with the supervisor's table", seconds, watch.sent, len(watch.failed)
    )
