"""What an engine tells of the objects that exist."""

import pytest
from tests.contract.harness import Harness, complete, locked

from flaskship.engines.base import Scale


async def test_an_environment_that_never_ran_has_no_objects(harness: Harness) -> None:
    assert await harness.engine().live("dev", harness.web()) == ()


async def test_only_the_objects_that_are_asked_for_are_told(harness: Harness) -> None:
    engine = harness.engine()
    web, service = harness.web()
    await harness.succeed(engine, harness.release(web, service))
    other = {"kind": "Service", "metadata": {"name": "other"}}
    (found,) = await engine.live("dev", [{"kind": "Service", "metadata": {"name": "web"}}, other])
    assert (found["kind"], found["metadata"]["name"]) == ("Service", "web")
    assert found["spec"]["ports"][0]["port"] == service["spec"]["ports"][0]["port"]


@pytest.mark.needs("scale")
async def test_a_scale_by_hand_shows_in_the_object(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web(replicas=1)))
    async with locked(engine, "dev") as lock:
        await engine.steer("dev", "web", Scale(2), lock)
    await harness.until(engine, lambda now: complete(now) and now.workloads[0].desired == 2)
    found = await engine.live("dev", harness.web())
    assert [one["spec"]["replicas"] for one in found if one["kind"] == "Deployment"] == [2]


async def test_a_deleted_environment_has_no_objects_left(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web()))
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock)
    assert await engine.live("dev", harness.web()) == ()
