"""Logs: what all replicas wrote, merged, in order, across restarts."""

import pytest
from tests.contract.harness import Harness, complete, locked, uids

from flaskship.engines.base import Restart
from flaskship.model.release import LogLine


async def lines_of(harness: Harness, application: str | None = None, tail: int = 100) -> list[LogLine]:
    return [line async for line in harness.engine().logs("dev", application, tail=tail)]


@pytest.mark.needs("logs")
async def test_the_lines_of_all_replicas_are_merged(harness: Harness) -> None:
    await harness.succeed(
        harness.engine(), harness.release(*harness.web("web", replicas=2), *harness.web("worker"))
    )
    lines = await lines_of(harness)
    assert {line.application for line in lines} == {"web", "worker"}
    assert len({line.replica for line in lines}) == 3
    assert [line.at for line in lines] == sorted(line.at for line in lines)


@pytest.mark.needs("logs")
async def test_one_application_can_be_asked_for(harness: Harness) -> None:
    await harness.succeed(harness.engine(), harness.release(*harness.web("web"), *harness.web("worker")))
    assert {line.application for line in await lines_of(harness, "worker")} == {"worker"}


@pytest.mark.needs("logs")
async def test_a_tail_is_the_newest_lines_of_each_replica(harness: Harness) -> None:
    await harness.succeed(harness.engine(), harness.release(*harness.web(replicas=3)))
    newest = {line.replica: line.text for line in await lines_of(harness, tail=1)}
    assert len(newest) == 3
    assert len(await lines_of(harness, tail=1)) == 3
    assert len(await lines_of(harness, tail=0)) == 0


@pytest.mark.needs("logs")
@pytest.mark.needs("restart")
async def test_following_goes_on_with_the_replicas_of_a_restart(harness: Harness) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web()))
    old = {replica.name for replica in before.workloads[0].replicas}
    lines = engine.logs("dev", None, follow=True)
    try:
        assert (await anext(lines)).replica in old
        async with locked(engine, "dev") as lock:
            await engine.steer("dev", "web", Restart(), lock)
        await harness.until(engine, lambda now: complete(now) and not uids(now) & uids(before))
        async for line in lines:
            if line.replica not in old:
                break
    finally:
        await lines.aclose()  # type: ignore[attr-defined]
    assert line.application == "web"
