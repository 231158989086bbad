import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flaskship.engines.local import aides
from flaskship.engines.local.processes.identity import ProcessIdentity, find_by_environment
from flaskship.engines.local.processes.signals import kill_all
from flaskship.engines.local.spawner.client import Spawner
from flaskship.engines.local.spawner.records import Record, read_records


@dataclass
class Home:
    """A project with a spawner, and what a test does with them."""

    folder: Path
    pid: int = 0

    @property
    def socket(self) -> str:
        return str(self.folder / "s.sock")

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def log(self, uid: str) -> Path:
        return self.folder / f"{uid}.log"

    async def open(self) -> Spawner:
        """A spawner, started if need be, and a connection to it."""
        self.aide = aides.spawner(self.folder, Path(self.socket), self.state, self.folder / "spawner.log")
        self.pid = self.aide.start()
        return await Spawner.connect(self.socket, attempts=500)

    async def kill(self) -> None:
        """End the spawner as a crash would."""
        os.kill(self.pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitpid, self.pid, 0)

    async def gone(self) -> int:
        """The exit code of the spawner."""
        _, status = await asyncio.to_thread(os.waitpid, self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    async def sh(self, spawner: Spawner, uid: str, script: str, **options) -> Record:
        """A replica that runs a shell script."""
        return await self.run(spawner, uid, ["/bin/sh", "-c", script], **options)

    async def python(self, spawner: Spawner, uid: str, script: str, **options) -> Record:
        """A replica that runs a Python script."""
        return await self.run(spawner, uid, [sys.executable, "-S", "-c", script], **options)

    async def run(self, spawner: Spawner, uid: str, argv: list[str], **options) -> Record:
        settings = {"env": {"PATH": "/usr/bin:/bin"}, "cwd": str(self.folder), "log": str(self.log(uid))}
        return await spawner.spawn(uid, argv, **(settings | options))

    def living(self, uid: str) -> tuple[ProcessIdentity, ...]:
        """The processes that carry the mark of a replica."""
        return find_by_environment(self.folder).get(uid, ())

    async def until(self, true: Callable[[], object], seconds: float = 20) -> None:
        """Return when it holds; a test that waits for what never comes fails here."""
        limit = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < limit, "this never came true"
            await asyncio.sleep(0.02)

    async def said(self, uid: str, text: str) -> None:
        """Return when the log of a replica holds the text."""
        await self.until(lambda: self.log(uid).exists() and text in self.log(uid).read_text(errors="replace"))

    async def ending(self, spawner: Spawner, uid: str) -> Record:
        """The record of a replica, once it has ended."""
        async with asyncio.timeout(20):
            async for record in spawner.endings():
                if record.uid == uid:
                    return record
        raise AssertionError("the spawner has gone")

    @staticmethod
    def identity(record: Record) -> ProcessIdentity:
        """The identity of the process of a record."""
        return ProcessIdentity(record.pid, record.start_time, record.boot_id)


@pytest.fixture
async def home(tmp_path_factory) -> AsyncIterator[Home]:
    made = Home(tmp_path_factory.mktemp("p"))
    yield made
    for uid in {*read_records(made.state), *find_by_environment(made.folder)}:
        await kill_all(made.folder, uid, None)
    if made.pid:
        try:
            os.kill(made.pid, signal.SIGKILL)
            os.waitpid(made.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
