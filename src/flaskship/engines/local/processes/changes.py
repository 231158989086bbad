"""Tells which files may have grown: inotify where the system has it, else a look at their sizes."""

import asyncio
import ctypes
import os
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from flaskship.engines.local.processes.capabilities import has

_IN_MODIFY = 0x2
_IN_IGNORED = 0x8000
_OVERFLOW = -1
_EVENT = struct.Struct("iIII")
_READ = 64 * 1024
LOOK_SECONDS = 0.15


class FileChanges(Protocol):
    """Watches any number of files; one that is removed is told a last time and forgotten."""

    def watch(self, path: Path) -> None:
        """Watch this file as well; it counts as changed at once."""

    async def changed(self) -> frozenset[Path]:
        """Return the files that may have grown since the last return, once there is one.

        Nothing wakes up for a change while nobody waits here: however many come, one return tells them.
        """

    def close(self) -> None:
        """Forget all files."""


class PollingChanges:
    """Looks at the sizes on a modest timer."""

    def __init__(
        self, seconds: float = LOOK_SECONDS, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._seconds = seconds
        self._sleep = sleep
        self._sizes: dict[Path, int | None] = {}

    def __bool__(self) -> bool:
        return bool(self._sizes)

    def watch(self, path: Path) -> None:
        """Watch this file as well; it counts as changed at once."""
        self._sizes[path] = None

    async def changed(self) -> frozenset[Path]:
        """Return the files that may have grown since the last return, once there is one."""
        while not (told := self.look()):
            await self._sleep(self._seconds)
        return told

    def look(self) -> frozenset[Path]:
        """Return the files whose size is not what it was at the last look."""
        sizes = {path: _size(path) for path in self._sizes}
        told = frozenset(path for path, size in sizes.items() if size is None or size != self._sizes[path])
        self._sizes = {path: size for path, size in sizes.items() if size is not None}
        return told

    def close(self) -> None:
        """Forget all files."""
        self._sizes.clear()


class InotifyChanges:
    """One inotify descriptor for all files, which is read only while somebody waits.

    The kernel folds writes to one file into one event, and tells when it had to drop some. What it takes no
    watch for (fs.inotify.max_user_watches) is looked at as on a system without it.
    """

    def __init__(self, looked_at: PollingChanges | None = None) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = int(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._paths: dict[int, Path] = {}
        self._told: set[Path] = set()
        self._waiting: asyncio.Future[None] | None = None
        self._looked_at = looked_at or PollingChanges()

    def watch(self, path: Path) -> None:
        """Watch this file as well; it counts as changed at once."""
        number = int(self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), _IN_MODIFY))
        if number < 0:
            self._looked_at.watch(path)
        else:
            self._paths[number] = path
            self._told.add(path)
        self._wake()

    async def changed(self) -> frozenset[Path]:
        """Return the files that may have grown since the last return, once there is one."""
        self._read()
        while not self._told:
            await self._readable(LOOK_SECONDS if self._looked_at else None)
            self._read()
        told, self._told = frozenset(self._told), set()
        return told

    def close(self) -> None:
        """Forget all files."""
        os.close(self._descriptor)

    async def _readable(self, seconds: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        loop.add_reader(self._descriptor, self._wake)
        try:
            await asyncio.wait((self._waiting,), timeout=seconds)
        finally:
            loop.remove_reader(self._descriptor)
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _read(self) -> None:
        self._told |= self._looked_at.look()
        with suppress(BlockingIOError):
            data = os.read(self._descriptor, _READ)
            position = 0
            while position < len(data):
                number, mask, _, length = _EVENT.unpack_from(data, position)
                position += _EVENT.size + length
                if number == _OVERFLOW:
                    self._told.update(self._paths.values())
                elif number in self._paths:
                    gone = mask & _IN_IGNORED
                    self._told.add(self._paths.pop(number) if gone else self._paths[number])


def file_changes() -> FileChanges:
    """Return the best watch of this system."""
    if has("inotify"):
        with suppress(OSError):
            return InotifyChanges()
    return PollingChanges()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
