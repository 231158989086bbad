"""Waits for the end of processes that need not be our children."""

import asyncio
import os
from typing import Protocol

from flaskship.engines.local.processes.capabilities import has
from flaskship.engines.local.processes.identity import ProcessIdentity, alive

_POLL_SECONDS = 0.1


class ProcessWatch(Protocol):
    """Tells when a process is gone."""

    async def wait_gone(self, identity: ProcessIdentity) -> None:
        """Return when this very process no longer runs; at once when it does not."""


class PidfdWatch:
    """The kernel tells: a pidfd becomes readable when its process ends."""

    async def wait_gone(self, identity: ProcessIdentity) -> None:
        """Return when the process has ended, reaped or not."""
        try:
            pidfd = os.pidfd_open(identity.pid)
        except ProcessLookupError:
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        try:
            if not alive(identity):
                return
            loop.add_reader(pidfd, gone.set)
            await gone.wait()
        finally:
            loop.remove_reader(pidfd)
            os.close(pidfd)


class PollingWatch:
    """Asks ten times a second, where the system has no pidfd."""

    def __init__(self, seconds: float = _POLL_SECONDS) -> None:
        self._seconds = seconds

    async def wait_gone(self, identity: ProcessIdentity) -> None:
        """Return soon after the process has ended."""
        while alive(identity):  # noqa: ASYNC110 (nothing tells here: that is why it polls)
            await asyncio.sleep(self._seconds)


def process_watch() -> ProcessWatch:
    """Return the best watch of this system."""
    if has("pidfd"):
        try:
            os.close(os.pidfd_open(os.getpid()))
        except OSError:
            return PollingWatch()
        return PidfdWatch()
    return PollingWatch()


async def wait_gone(identity: ProcessIdentity) -> None:
    """Return when this very process no longer runs."""
    await process_watch().wait_gone(identity)
