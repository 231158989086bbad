"""Whether the supervisor that was asked still lives: no command waits for one that is stopped or hung."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from flaskship.engines.local.channel import ChannelClosed, Message
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.identity import is_stopped
from flaskship.engines.local.rpc import Caller, RemoteError
from flaskship.model.errors import UnresponsiveError

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""A supervisor that runs may be late on a busy machine; one that is stopped is told at the first look."""
GOES_ON = "what runs goes on, and the next command starts a new one"


class Listening:
    """Knows which supervisor a connection leads to, and raises UnresponsiveError once it is silent."""

    def __init__(
        self, paths: LocalPaths, *, look: float = LOOK_SECONDS, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._paths = paths
        self._look = look
        self._patience = patience

    async def hello(self, caller: Caller) -> Message:
        """Return the answer to a greeting; the caller is given up where there is none."""
        asking = asyncio.ensure_future(caller.call("hello"))
        waited = 0.0
        try:
            while not (await asyncio.wait({asking}, timeout=self._look))[0]:
                waited += self._look
                pid = recorded_pid(self._paths.supervisor_lock)
                stopped = pid is not None and is_stopped(pid)
                if stopped or waited >= self._patience:
                    silence = self._silent(pid, stopped=stopped)
                    caller.give_up(silence)
                    raise silence
            return asking.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def attended(self, caller: Caller) -> AsyncIterator[None]:
        """Greet beside whatever is asked in the block, and end it with UnresponsiveError at a silence."""

        async def greet(scope: asyncio.Timeout) -> None:
            with contextlib.suppress(ChannelClosed, RemoteError):
                while True:
                    await asyncio.sleep(self._look)
                    try:
                        await self.hello(caller)
                    except UnresponsiveError:
                        scope.reschedule(asyncio.get_running_loop().time())
                        return

        try:
            async with asyncio.timeout(None) as scope:
                greeting = asyncio.create_task(greet(scope))
                try:
                    yield
                finally:
                    greeting.cancel()
                    await asyncio.gather(greeting, return_exceptions=True)
        except (TimeoutError, ChannelClosed):
            if caller.given_up is None:
                raise
            raise caller.given_up from None

    def _silent(self, pid: int | None, *, stopped: bool) -> UnresponsiveError:
        who = f"the supervisor (pid {pid})" if pid is not None else "the supervisor"
        replace = f"kill -9 {pid if pid is not None else 'PID'}"
        if stopped:
            return UnresponsiveError(
                f"{who} is stopped and answers nothing",
                hint=f"Let it go on: kill -CONT {pid}. Or end it: {replace}; {GOES_ON}.",
            )
        return UnresponsiveError(
            f"{who} has not answered for {self._patience:g} s",
            hint=f"On a busy machine, try again. If it stays so, end it: {replace}; {GOES_ON}. "
            f"Its log: {self._paths.log('supervisor')}",
        )


def recorded_pid(lock: Path) -> int | None:
    """Return the pid that stands in the file of the one who holds its lock."""
    try:
        return int(lock.read_text())
    except (OSError, ValueError):
        return None
