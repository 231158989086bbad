"""Being the one writer of an environment for as long as a story lasts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flaskship.engines.base import Engine, Lock
from flaskship.model.errors import LockedError
from flaskship.tasks.world import Report

DEFAULT_WAIT = 30.0


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
        yield lock
    finally:
        await engine.release(lock)
