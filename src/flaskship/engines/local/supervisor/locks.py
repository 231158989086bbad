"""The one writer of each environment, by the process that holds the lock."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from flaskship.engines.base import Withdrawal
from flaskship.engines.local.processes.identity import ProcessIdentity, alive
from flaskship.engines.local.state import LockRecord, State
from flaskship.engines.local.state_file import once_changed
from flaskship.model.errors import LockedError

LOOK_SECONDS = 0.5


class Locks:
    """Grants, checks and gives back locks; a dead holder's lock is free."""

    def __init__(self, state: State, now: Callable[[], float]) -> None:
        self._state = state
        self._now = now
        self._freed = asyncio.Condition()
        self._waiting: dict[str, str] = {}
        self._wanted: dict[str, Withdrawal] = {}
        self._asked = asyncio.Condition()

    def holder(self, environment: str) -> LockRecord | None:
        """Return the living holder of an environment's lock."""
        for lock in self._state.locks():
            if lock.environment == environment:
                if alive(ProcessIdentity(lock.pid, lock.start_time, lock.boot_id)):
                    return lock
                self._state.remove_lock(environment, lock.token)
        return None

    async def acquire(
        self, environment: str, owner: str, holder: ProcessIdentity, seconds: float, token: str
    ) -> LockRecord:
        """Return the lock, waiting up to so many seconds; LockedError names the holder.

        Whoever asks again with the token of the lock that is held has it already.
        """
        self._waiting[token] = f"{owner} (pid {holder.pid})"
        try:
            return await self._granted(environment, owner, holder, seconds, token)
        finally:
            self._waiting.pop(token, None)

    async def _granted(
        self, environment: str, owner: str, holder: ProcessIdentity, seconds: float, token: str
    ) -> LockRecord:
        deadline = self._now() + seconds
        while (held := self.holder(environment)) is not None:
            if held.token == token:
                return held
            left = deadline - self._now()
            if left <= 0:
                raise _refusal(held)
            async with self._freed:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, LOOK_SECONDS)):
                        await self._freed.wait()
        lock = LockRecord(
            environment,
            token,
            owner,
            holder.pid,
            holder.start_time,
            holder.boot_id,
            self._now(),
        )
        self._state.save_lock(lock)
        return lock

    def in_use(self) -> str:
        """Return who has a lock or waits for one, in words; empty when nobody does."""
        for lock in self._state.locks():
            held = self.holder(lock.environment)
            if held is not None:
                return f"{held.owner} (pid {held.pid})"
        return next(iter(self._waiting.values()), "")

    def require(self, environment: str, token: str) -> None:
        """Raise LockedError unless this token holds the environment."""
        held = self.holder(environment)
        if held is None or held.token != token:
            raise _refusal(held) if held else LockedError(f"the lock of {environment} was lost")

    async def withdraw(self, environment: str, wanted: Withdrawal) -> bool:
        """Ask whoever holds the lock to give its rollout up; False where nobody does."""
        held = self.holder(environment)
        if held is None:
            return False
        async with self._asked:
            self._wanted[held.token] = wanted
            self._asked.notify_all()
        return True

    async def withdrawn(self, token: str) -> Withdrawal:
        """Return once the holder with this token is asked; it stays asked until it gives its lock back."""
        async with self._asked:
            await self._asked.wait_for(lambda: token in self._wanted)
            return self._wanted[token]

    def is_asked(self, token: str) -> bool:
        """Tell whether somebody waits for the holder with this token to give up."""
        return token in self._wanted

    async def give_back(self, environment: str, token: str) -> None:
        """Free the lock; doing it twice is harmless."""
        self._wanted.pop(token, None)
        with once_changed():
            self._state.remove_lock(environment, token)
        async with self._freed:
            self._freed.notify_all()


def _refusal(held: LockRecord) -> LockedError:
    since = datetime.fromtimestamp(held.since, UTC).astimezone().strftime("%H:%M:%S")
    return LockedError(
        f"{held.environment} is being changed by {held.owner} (pid {held.pid}) since {since}",
        hint="Wait for it (--lock-timeout SECONDS), or end that process.",
    )
