"""Being the one writer of an environment for as long as a story lasts."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from flaskship.engines.base import Engine, Lock, LosesLocks
from flaskship.model.errors import LockedError
from flaskship.tasks.world import Report

DEFAULT_WAIT = 30.0
Told = TypeVar("Told")


def owned_by(actor: str, verb: str, reason: str | None = None) -> str:
    """Return what whoever has to wait is told: who writes, what, and why where that was said."""
    return f"{actor}: {verb} ({reason})" if reason else f"{actor}: {verb}"


@asynccontextmanager
async def writing_to(
    engine: Engine, environment: str, owner: str, wait: float, report: Report
) -> AsyncIterator[Lock]:
    """Hold the environment's lock; a wait for another writer is told, and LockedError after wait seconds."""
    try:
        lock = await engine.acquire(environment, owner, 0.0)
    except LockedError as held:
        if wait <= 0:
            raise
        report.step(f"waiting up to {wait:g} s: {held.message}")
        lock = await engine.acquire(environment, owner, wait)
    try:
        for name in lock.removed:
            report.step(f"{environment}: removed test {name}, which waited for a command that is gone")
        yield lock
    finally:
        await engine.release(lock)


async def while_ours(engine: Engine, lock: Lock, story: Coroutine[Any, Any, Told]) -> Told:
    """Return what the story comes to; it is ended by LockedError as soon as somebody else has the lock."""
    if not isinstance(engine, LosesLocks):
        return await story
    telling, losing = asyncio.ensure_future(story), asyncio.ensure_future(engine.lost(lock))
    try:
        await asyncio.wait((telling, losing), return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            return telling.result()
        raise losing.result()
    finally:
        for one in (telling, losing):
            one.cancel()
        await asyncio.gather(telling, losing, return_exceptions=True)
