"""Pausing: a held rollout keeps what serves, needs nobody's lock, and goes on where it was."""

import asyncio

import pytest
from tests.contract.harness import Harness, complete, locked, uids

from flaskship.engines.base import Pause, Resume
from flaskship.model.errors import PausedError
from flaskship.model.snapshot import Phase, Snapshot


def is_paused(now: Snapshot) -> bool:
    return any(one.paused for one in now.workloads)


@pytest.mark.needs("pause")
async def test_a_paused_workload_keeps_its_replicas_when_a_release_comes_and_moves_once_resumed(
    harness: Harness,
) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web(replicas=2)))
    async with locked(engine, "dev") as lock:
        await engine.apply(harness.release(*harness.web(replicas=2, env={"N": "2"})), lock)
        await engine.steer("dev", "web", Pause(), None)
        held = await harness.until(engine, is_paused)
        assert held.workloads[0].phase is Phase.PAUSED
        assert uids(held) & uids(before)
        await engine.steer("dev", "web", Resume(), None)
        after = await harness.until(engine, lambda now: complete(now) and not is_paused(now))
    assert not uids(after) & uids(before)


@pytest.mark.needs("pause")
async def test_a_pause_of_what_stands_still_changes_no_replica(harness: Harness) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web()))
    await engine.steer("dev", "web", Pause(), None)
    held = await harness.until(engine, is_paused)
    await engine.steer("dev", "web", Resume(), None)
    after = await harness.until(engine, lambda now: not is_paused(now))
    assert uids(before) == uids(held) == uids(after)


@pytest.mark.needs("pause")
async def test_another_writer_may_pause_the_rollout_of_whoever_holds_the_lock(harness: Harness) -> None:
    mine, other = harness.engine(), harness.engine()
    await harness.succeed(mine, harness.release(*harness.web()))
    async with locked(mine, "dev", "a deploy"):
        await asyncio.wait_for(other.steer("dev", "web", Pause(), None), 10)
        await harness.until(other, is_paused)
        await other.steer("dev", "web", Resume(), None)


@pytest.mark.needs("pause")
async def test_a_release_onto_a_paused_workload_is_refused_with_the_command_that_frees_it(
    harness: Harness,
) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web()))
    await engine.steer("dev", "web", Pause(), None)
    await harness.until(engine, is_paused)
    following = harness.release(*harness.web(env={"N": "2"}))
    with pytest.raises(PausedError, match="web is paused") as refused:
        await harness.apply(engine, following)
    assert (refused.value.exit_code, refused.value.code) == (4, "Paused")
    assert str(refused.value.hint).startswith("flaskship resume dev web")
    assert [one.number for one in await engine.history("dev")] == [1]
    assert uids(await engine.observe("dev")) == uids(before)
    await engine.steer("dev", "web", Resume(), None)
    await harness.until(engine, lambda now: not is_paused(now))
    assert not uids(await harness.succeed(engine, following)) & uids(before)


@pytest.mark.needs("pause")
async def test_what_a_release_leaves_as_it_is_may_stay_paused(harness: Harness) -> None:
    engine = harness.engine()
    web, worker = harness.web(), harness.web("worker")
    before = await harness.succeed(engine, harness.release(*web, *worker))
    await engine.steer("dev", "worker", Pause(), None)
    await harness.until(engine, is_paused)
    moved = harness.release(*harness.web(env={"N": "2"}), *worker)
    after = await harness.succeed(engine, moved)
    assert {one.name: one.paused for one in after.workloads} == {"web": False, "worker": True}
    held = {one.name: {each.uid for each in one.replicas if each.current} for one in after.workloads}
    then = {one.name: {each.uid for each in one.replicas} for one in before.workloads}
    assert held["worker"] == then["worker"]
    assert not held["web"] & then["web"]
    with pytest.raises(PausedError, match="worker"):
        await harness.apply(engine, harness.release(*web, *harness.web("worker", env={"N": "2"})))
    await engine.steer("dev", "worker", Resume(), None)
    await harness.until(engine, lambda now: not is_paused(now))


@pytest.mark.needs("pause")
async def test_a_pause_in_the_middle_of_a_rollout_holds_the_same_release_too(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web(replicas=2)))
    following = harness.release(*harness.web(replicas=2, env={"N": "2"}))
    async with locked(engine, "dev") as lock:
        await engine.apply(following, lock)
        await engine.steer("dev", "web", Pause(), None)
        await harness.until(engine, is_paused)
    with pytest.raises(PausedError, match="web"):
        await harness.apply(engine, following)
    await engine.steer("dev", "web", Resume(), None)
    await harness.until(engine, lambda now: complete(now) and not is_paused(now))
