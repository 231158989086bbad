"""Asking the one that has the lock to give its rollout up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.contract.harness import Harness, locked

from flaskship.engines.base import Lock, TakesWithdrawals, Withdrawal

WANTED = Withdrawal("ada", "the wrong image", "web")


@asynccontextmanager
async def holding(harness: Harness) -> AsyncIterator[tuple[TakesWithdrawals, Lock]]:
    """An engine object that has the lock, as a command that watches has."""
    engine = harness.engine()
    assert isinstance(engine, TakesWithdrawals)
    async with locked(engine, harness.environment) as lock:
        yield engine, lock


async def ask(harness: Harness, wanted: Withdrawal = WANTED) -> bool:
    """Another command asks."""
    engine = harness.engine()
    assert isinstance(engine, TakesWithdrawals)
    return await engine.withdraw(harness.environment, wanted)


@pytest.mark.needs("withdraw")
async def test_the_one_that_has_the_lock_hears_who_wants_it_to_give_up_and_why(harness: Harness) -> None:
    async with holding(harness) as (holder, lock):
        heard = asyncio.ensure_future(holder.withdrawn(lock))
        assert await ask(harness)
        assert await asyncio.wait_for(heard, harness.patience) == WANTED


@pytest.mark.needs("withdraw")
async def test_it_hears_of_it_too_where_it_listens_later(harness: Harness) -> None:
    async with holding(harness) as (holder, lock):
        assert await ask(harness)
        assert await asyncio.wait_for(holder.withdrawn(lock), harness.patience) == WANTED


@pytest.mark.needs("withdraw")
async def test_where_nobody_has_the_lock_nobody_is_asked_and_the_next_one_does_not_hear_it(
    harness: Harness,
) -> None:
    assert not await ask(harness)
    async with holding(harness):
        assert await ask(harness)
    async with holding(harness) as (holder, lock):
        heard = asyncio.ensure_future(holder.withdrawn(lock))
        again = Withdrawal("grace", "", "web")
        assert await ask(harness, again)
        assert await asyncio.wait_for(heard, harness.patience) == again
