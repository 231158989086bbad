"""Steering: restart and scale move what runs and make no revision."""

import pytest
from tests.contract.harness import Harness, complete, locked, uids

from flaskship.engines.base import Restart, Scale
from flaskship.model.errors import FlaskshipError
from flaskship.model.snapshot import Snapshot


@pytest.mark.needs("restart")
async def test_a_restart_replaces_every_replica_and_makes_no_revision(harness: Harness) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web(replicas=2)))
    async with locked(engine, "dev") as lock:
        await engine.steer("dev", "web", Restart(), lock)
    after = await harness.until(engine, lambda now: complete(now) and not uids(now) & uids(before))
    assert len(uids(after)) == 2
    assert [one.number for one in await engine.history("dev")] == [1]


@pytest.mark.needs("restart")
async def test_a_restart_leaves_other_workloads_alone(harness: Harness) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web("web"), *harness.web("worker")))
    async with locked(engine, "dev") as lock:
        await engine.steer("dev", "web", Restart(), lock)
    after = await harness.until(engine, lambda now: complete(now) and not uids(now) & uids(before))
    assert uids(after, "worker") == uids(before, "worker")


@pytest.mark.needs("scale")
@pytest.mark.parametrize("replicas", [0, 1, 3])
async def test_a_scale_lasts_until_the_next_deploy(harness: Harness, replicas: int) -> None:
    engine = harness.engine()
    release = harness.release(*harness.web(replicas=2))
    await harness.succeed(engine, release)
    async with locked(engine, "dev") as lock:
        await engine.steer("dev", "web", Scale(replicas), lock)
    scaled = await harness.until(engine, lambda now: complete(now) and now.workloads[0].desired == replicas)
    assert len(uids(scaled)) == replicas
    assert (await harness.succeed(engine, release)).workloads[0].desired == 2


@pytest.mark.needs("scale")
@pytest.mark.parametrize("replicas", [0, 2])
async def test_a_scale_has_a_deadline_of_its_own(harness: Harness, replicas: int) -> None:
    engine = harness.engine()
    deployed = await harness.succeed(engine, harness.release(*harness.web()))
    # The cluster counts in whole seconds: what it tells has to be told apart from the deploy.
    before = await harness.until(engine, lambda now: now.at - deployed.at > 3)
    async with locked(engine, "dev") as lock:
        await engine.steer("dev", "web", Scale(replicas), lock)

    def settled(now: Snapshot) -> bool:
        [web] = now.workloads
        assert web.complete or web.progressed_at >= int(before.at), now
        return web.complete and web.desired == replicas

    await harness.until(engine, settled)


@pytest.mark.needs("scale")
async def test_steering_is_an_event(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web()))
    known = len(await engine.events("dev"))
    async with locked(engine, "dev") as lock:
        await engine.steer("dev", "web", Scale(2), lock)
    new = (await engine.events("dev"))[known:]
    assert any("web" in one.object for one in new)
    assert [one.at for one in new] == sorted(one.at for one in new)


@pytest.mark.needs("restart")
async def test_a_workload_that_does_not_exist_is_refused_by_name(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web()))
    async with locked(engine, "dev") as lock:
        with pytest.raises(FlaskshipError, match="wbe"):
            await engine.steer("dev", "wbe", Restart(), lock)
