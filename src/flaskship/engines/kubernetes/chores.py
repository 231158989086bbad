"""What a verdict does not depend on and a command leaves done: it goes on beside what comes next."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Chores:
    """Work that was begun; whoever says done waits for all of it."""

    def __init__(self) -> None:
        self._begun: list[asyncio.Task[None]] = []

    async def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin it and wait for nothing."""
        self._begun.append(asyncio.create_task(work))

    async def done(self) -> None:
        """Return once all of it is done; the first error is raised when everything has ended."""
        begun, self._begun = self._begun, []
        for outcome in await asyncio.gather(*begun, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
