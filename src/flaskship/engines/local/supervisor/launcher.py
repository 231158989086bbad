"""The supervisor's hold on the spawner: starts processes and learns how each of them ended."""

import asyncio
import contextlib
from collections.abc import Mapping

from flaskship.engines.local.aides import Aide
from flaskship.engines.local.channel import ChannelClosed
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.spawner.client import Spawner, SpawnerRefused
from flaskship.engines.local.spawner.records import Ending, Record
from flaskship.engines.local.steps import step
from flaskship.model.errors import FlaskshipError
from flaskship.model.frozen import dataclass

CONNECT_ATTEMPTS = 1000
CONNECT_PAUSE = 0.005
SPAWN = step("spawn")
SIGNAL = step("signal")
FORGET_PROCESS = step("forget_process")


@dataclass(frozen=True, slots=True)
class Start:
    """What one process is started from."""

    uid: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    log: str
    cgroup: tuple[str, ...] | None = None
    rlimits: Mapping[str, int] | None = None
    writable: tuple[str, ...] | None = None


class Launcher:
    """Keeps one spawner alive and connected; a new one takes over the processes of a dead one."""

    def __init__(self, paths: LocalPaths, aide: Aide) -> None:
        self._paths = paths
        self._aide = aide
        self._spawner: Spawner | None = None
        self._connecting = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None
        self._known: dict[str, Record] = {}
        self._endings: dict[str, asyncio.Future[Ending]] = {}
        self._closing = False

    async def open(self) -> dict[str, Record]:
        """Connect, starting a spawner where none runs; return every process that it knows."""
        await self._connected()
        return dict(self._known)

    async def start(self, start: Start) -> Record:
        """Return the running process; SpawnerRefused says why it could not start."""
        with SPAWN:
            return await self._start(start)

    async def _start(self, start: Start) -> Record:
        while True:
            spawner = await self._connected()
            try:
                record = await spawner.spawn(
                    start.uid,
                    list(start.argv),
                    env=dict(start.env),
                    cwd=start.cwd,
                    log=start.log,
                    cgroup=list(start.cgroup) if start.cgroup else None,
                    rlimits=dict(start.rlimits) if start.rlimits else None,
                    writable=start.writable,
                )
            except ChannelClosed:
                # The uid makes this safe: a process that did start is answered with, not started twice.
                self._lose(spawner)
                continue
            self._note(record)
            return record

    def known(self, uid: str) -> Record | None:
        """Return the process that was started and is not forgotten."""
        return self._known.get(uid)

    def ending(self, uid: str) -> "asyncio.Future[Ending]":
        """Return what is resolved once the process has ended."""
        future = self._endings.get(uid)
        if future is None:
            future = self._endings[uid] = asyncio.get_running_loop().create_future()
        return future

    async def signal(self, uid: str, number: int, *, group: bool = False) -> bool:
        """Return whether there was a process to signal."""
        while True:
            spawner = await self._connected()
            try:
                with SIGNAL:
                    return await spawner.signal(uid, number, group=group)
            except ChannelClosed:
                self._lose(spawner)
                continue
            except SpawnerRefused:
                return False

    async def forget(self, uid: str) -> None:
        """Drop all that is known of an ended process."""
        while True:
            spawner = await self._connected()
            try:
                with FORGET_PROCESS:
                    await spawner.forget(uid)
            except ChannelClosed:
                self._lose(spawner)
                continue
            except SpawnerRefused:
                pass
            break
        self._known.pop(uid, None)
        self._endings.pop(uid, None)

    async def close(self, *, stop: bool) -> None:
        """Let go of the spawner; with stop it ends once its last process has ended."""
        self._closing = True
        if self._spawner is not None:
            if stop:
                with contextlib.suppress(ChannelClosed, SpawnerRefused):
                    await self._spawner.stop()
            await self._spawner.close()
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _connected(self) -> Spawner:
        async with self._connecting:
            if self._spawner is not None:
                return self._spawner
            if self._closing:
                raise FlaskshipError("the supervisor is shutting down")
            while True:
                spawner = await self._reach()
                try:
                    children = await spawner.list()
                    break
                except ChannelClosed:
                    # It was dying as we met it: its socket lives a moment longer than it does.
                    await spawner.close()
                    await asyncio.sleep(CONNECT_PAUSE)
            for child in children:
                self._note(child.record)
            self._spawner = spawner
            self._listening = asyncio.create_task(self._listen(spawner))
            return spawner

    async def _reach(self) -> Spawner:
        socket = str(self._paths.socket("spawner"))
        try:
            return await Spawner.connect(socket)
        except OSError:
            self._aide.start()
        try:
            return await Spawner.connect(socket, attempts=CONNECT_ATTEMPTS, pause=CONNECT_PAUSE)
        except OSError as error:
            raise FlaskshipError(
                f"the spawner did not start: {error}", hint=f"Its log: {self._paths.log('spawner')}"
            ) from error

    async def _listen(self, spawner: Spawner) -> None:
        async for record in spawner.endings():
            self._note(record)
        self._lose(spawner)
        await spawner.close()
        if not self._closing:
            # Somebody has to watch what still runs, whether or not a new start is asked for.
            with contextlib.suppress(ChannelClosed, FlaskshipError):
                await self._connected()

    def _lose(self, spawner: Spawner) -> None:
        # Whoever notices first: a call that failed must not ask the same one again and again.
        if self._spawner is spawner:
            self._spawner = None

    def _note(self, record: Record) -> None:
        self._known[record.uid] = record
        if record.ending is not None:
            future = self.ending(record.uid)
            if not future.done():
                future.set_result(record.ending)
