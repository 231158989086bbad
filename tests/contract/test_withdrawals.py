"""Asking the one that has the lock to give its rollout up."""

import asyncio

import pytest
from tests.contract.harness import Harness, locked

from flaskship.engines.base import TakesWithdrawals, Withdrawal

WANTED = Withdrawal("ada", "the wrong image", "web")


def asking(harness: Harness) -> TakesWithdrawals:
    engine = harness.engine()
    assert isinstance(engine, TakesWithdrawals)
    return engine


@pytest.mark.needs("withdraw")
async def test_the_one_that_has_the_lock_hears_who_wants_it_to_give_up_and_why(harness: Harness) -> None:
    engine, holder = harness.engine(), asking(harness)
    async with locked(engine, harness.environment) as lock:
        heard = asyncio.ensure_future(holder.withdrawn(lock))
        assert await asking(harness).withdraw(harness.environment, WANTED)
        assert await asyncio.wait_for(heard, harness.patience) == WANTED


@pytest.mark.needs("withdraw")
async def test_it_hears_of_it_too_where_it_listens_later(harness: Harness) -> None:
    engine = harness.engine()
    async with locked(engine, harness.environment) as lock:
        assert await asking(harness).withdraw(harness.environment, WANTED)
        assert await asyncio.wait_for(asking(harness).withdrawn(lock), harness.patience) == WANTED


@pytest.mark.needs("withdraw")
async def test_where_nobody_has_the_lock_nobody_is_asked_and_the_next_one_does_not_hear_it(
    harness: Harness,
) -> None:
    engine = harness.engine()
    assert not await asking(harness).withdraw(harness.environment, WANTED)
    async with locked(engine, harness.environment):
        assert await asking(harness).withdraw(harness.environment, WANTED)
    async with locked(engine, harness.environment) as lock:
        heard = asyncio.ensure_future(asking(harness).withdrawn(lock))
        again = Withdrawal("grace", "", "web")
        assert await asking(harness).withdraw(harness.environment, again)
        assert await asyncio.wait_for(heard, harness.patience) == again
