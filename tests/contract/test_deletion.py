"""Deletion: everything of an environment stops, its history stays."""

from tests.contract.harness import Harness, locked

from flaskship.model.snapshot import Phase


async def test_a_deleted_environment_is_stopped_and_keeps_its_history(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web()))
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock)
    snapshot = await harness.until(engine, lambda now: not now.workloads)
    assert snapshot.phase is Phase.STOPPED
    assert [one.number for one in await engine.history("dev")] == [1]


async def test_deleting_twice_or_what_never_was_is_harmless(harness: Harness) -> None:
    engine = harness.engine()
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock)
    await harness.succeed(engine, harness.release(*harness.web()))
    for purge in (False, True, True):
        async with locked(engine, "dev") as lock:
            await engine.delete("dev", lock, purge=purge)
    assert (await engine.observe("dev")).workloads == ()


async def test_an_environment_starts_again_after_it_was_deleted(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web()))
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock)
    again = await harness.succeed(engine, harness.release(*harness.web()))
    assert again.phase is Phase.HEALTHY
    assert again.release is not None
    assert again.release.revision == 2


async def test_a_deletion_leaves_other_environments_alone(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web()))
    await harness.succeed(engine, harness.release(*harness.web(), environment="staging"))
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock, purge=True)
    assert (await engine.observe("staging")).phase is Phase.HEALTHY
