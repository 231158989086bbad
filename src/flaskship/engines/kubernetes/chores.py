"""What a verdict does not depend on and a command leaves done: it goes on beside what comes next."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any


class Chores:
    """Work that is begun now, or kept for the end; whoever says done, or all_done, waits for it."""

    def __init__(self) -> None:
        self._begun: list[asyncio.Task[None]] = []
        self._kept: list[Coroutine[Any, Any, None]] = []

    async def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin it and wait for nothing."""
        self._begun.append(asyncio.create_task(work))

    async def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Leave it for the end, because others need the processor more until then."""
        self._kept.append(work)

    async def done(self) -> None:
        """Return once what was begun is done; the first error is raised when everything has ended."""
        begun, self._begun = self._begun, []
        await all_ended(*begun)

    async def all_done(self) -> None:
        """Do what was kept, too."""
        kept, self._kept = self._kept, []
        self._begun += [asyncio.create_task(one) for one in kept]
        await self.done()


async def all_ended(*works: Awaitable[Any]) -> list[Any]:
    """Return what they came to once all have ended; the first error is raised then, and leaves none going."""
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes
