"""Locks: one writer of an environment, and who it is."""

import pytest
from tests.contract.harness import SUCCESS, Harness, locked

from flaskship.engines.base import Lock
from flaskship.model.errors import LockedError


async def test_a_second_writer_is_refused_and_told_who_holds_it(harness: Harness) -> None:
    first, second = harness.engine(), harness.engine()
    async with locked(first, "dev", "grace: deploy"):
        with pytest.raises(LockedError, match="grace: deploy"):
            await second.acquire("dev", "ada: deploy", 0.0)


async def test_a_wait_ends_in_a_refusal(harness: Harness) -> None:
    first, second = harness.engine(), harness.engine()
    async with locked(first, "dev"):
        with pytest.raises(LockedError):
            await second.acquire("dev", "ada", 1.0)


async def test_a_lock_that_was_given_back_can_be_taken(harness: Harness) -> None:
    first, second = harness.engine(), harness.engine()
    async with locked(first, "dev"):
        pass
    async with locked(second, "dev") as lock:
        assert lock.environment == "dev"


async def test_giving_back_twice_is_harmless_and_frees_nobody_elses_lock(harness: Harness) -> None:
    first, second = harness.engine(), harness.engine()
    old = await first.acquire("dev", "grace", 0.0)
    await first.release(old)
    async with locked(second, "dev", "ada"):
        await first.release(old)
        with pytest.raises(LockedError, match="ada"):
            await first.acquire("dev", "grace", 0.0)


async def test_environments_are_locked_apart(harness: Harness) -> None:
    engine = harness.engine()
    async with locked(engine, "dev"), locked(engine, "staging") as lock:
        assert lock.environment == "staging"


@pytest.mark.parametrize("environment", ["dev", "staging"])
async def test_nothing_is_written_with_a_lock_that_is_not_held(harness: Harness, environment: str) -> None:
    engine = harness.engine()
    async with locked(engine, environment) as real:
        wrong = Lock("dev", "nobody") if environment == "dev" else Lock("dev", real.token)
        with pytest.raises(LockedError):
            await engine.apply(harness.release(*harness.web()), wrong)
        with pytest.raises(LockedError):
            await engine.delete("dev", wrong)
        with pytest.raises(LockedError):
            await engine.conclude("dev", 1, SUCCESS, None, wrong)
    assert await engine.history("dev") == ()
