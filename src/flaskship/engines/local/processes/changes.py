"""Tells when files grow: inotify where the system has it, else a look at their sizes five times a second."""

import asyncio
import ctypes
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from flaskship.engines.local.processes.capabilities import has

_IN_MODIFY = 0x2
_IN_CLOEXEC_NONBLOCK = os.O_CLOEXEC | os.O_NONBLOCK
_EVENT = struct.Struct("iIII")
_POLL_SECONDS = 0.2


class Change:
    """Becomes set when its file may have grown; wait() clears it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake the one who waits, now or later."""
        self._event.set()

    async def wait(self) -> None:
        """Return when the file may have grown since the last return."""
        await self._event.wait()
        self._event.clear()


class FileChanges(Protocol):
    """Watches any number of files."""

    def watch(self, path: Path) -> Change:
        """Return the change of this file, which must exist."""

    def unwatch(self, path: Path) -> None:
        """Forget the file."""

    async def close(self) -> None:
        """Forget all files."""


class InotifyChanges:
    """One inotify descriptor for all files; the kernel folds a burst of writes into one event."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = int(self._libc.inotify_init1(_IN_CLOEXEC_NONBLOCK))
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._changes: dict[int, Change] = {}
        self._numbers: dict[Path, int] = {}
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def watch(self, path: Path) -> Change:
        """Return the change of this file; OSError when the system has no watch left."""
        number = int(self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), _IN_MODIFY))
        if number < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
        self._numbers[path] = number
        return self._changes.setdefault(number, Change())

    def unwatch(self, path: Path) -> None:
        """Forget the file."""
        number = self._numbers.pop(path, None)
        if number is not None and self._changes.pop(number, None) is not None:
            self._libc.inotify_rm_watch(self._descriptor, number)

    async def close(self) -> None:
        """Forget all files."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            data = os.read(self._descriptor, 65536)
            position = 0
            while position < len(data):
                number, _, _, length = _EVENT.unpack_from(data, position)
                position += _EVENT.size + length
                overflow = number == -1
                told = self._changes.values() if overflow else filter(None, [self._changes.get(number)])
                for change in told:
                    change.notify()


class PollingChanges:
    """Looks at the sizes on a modest timer."""

    def __init__(self, seconds: float = _POLL_SECONDS) -> None:
        self._seconds = seconds
        self._changes: dict[Path, Change] = {}
        self._sizes: dict[Path, int] = {}
        self._task = asyncio.create_task(self._look())

    def watch(self, path: Path) -> Change:
        """Return the change of this file."""
        self._sizes[path] = _size(path)
        return self._changes.setdefault(path, Change())

    def unwatch(self, path: Path) -> None:
        """Forget the file."""
        self._changes.pop(path, None)
        self._sizes.pop(path, None)

    async def close(self) -> None:
        """Forget all files."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            for path, change in list(self._changes.items()):
                size = _size(path)
                if size != self._sizes[path]:
                    self._sizes[path] = size
                    change.notify()


def file_changes() -> FileChanges:
    """Return the best watch of this system; call it inside the event loop."""
    if has("inotify"):
        with suppress(OSError):
            return InotifyChanges()
    return PollingChanges()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
