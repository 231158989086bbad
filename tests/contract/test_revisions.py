"""Revisions: numbered as in Helm, remembered exactly, judged once."""

import pytest
from tests.contract.harness import SUCCESS, Harness, locked, with_actor

from flaskship.model.errors import FlaskshipError
from flaskship.model.verdict import Cause, Outcome, Receipt, Verdict


async def test_an_environment_that_was_never_applied_has_nothing(harness: Harness) -> None:
    engine = harness.engine()
    snapshot = await engine.observe("dev")
    assert snapshot.release is None
    assert snapshot.workloads == ()
    assert await engine.history("dev") == ()
    assert [line async for line in engine.logs("dev", None)] == []


async def test_each_apply_takes_the_next_number_failed_ones_included(harness: Harness) -> None:
    engine = harness.engine()
    failed = Verdict(Outcome.FAILED, (Cause("ExitedNonZero", "exited with code 1", "web"),))
    numbers = []
    async with locked(engine, "dev") as lock:
        for verdict in (SUCCESS, failed, SUCCESS):
            numbers.append(await engine.apply(harness.release(*harness.web()), lock))
            await engine.conclude("dev", numbers[-1], verdict, None, lock)
    assert numbers == [1, 2, 3]
    history = await engine.history("dev")
    assert [one.number for one in history] == [1, 2, 3]
    assert [one.outcome for one in history] == [Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.SUCCESSFUL]
    assert history[1].verdict == failed


async def test_a_revision_has_no_outcome_before_it_is_judged(harness: Harness) -> None:
    engine = harness.engine()
    await harness.apply(engine, harness.release(*harness.web()))
    assert (await engine.history("dev"))[0].outcome is None
    snapshot = await engine.observe("dev")
    assert snapshot.release is not None
    assert snapshot.release.outcome is None


async def test_the_history_keeps_who_why_and_the_receipt(harness: Harness) -> None:
    engine = harness.engine()
    receipt = Receipt(100, 2, 1.5, 9.0, 3.0)
    async with locked(engine, "dev") as lock:
        release = with_actor(harness.release(*harness.web(), reason="a new colour"), "grace")
        await engine.conclude("dev", await engine.apply(release, lock), SUCCESS, receipt, lock)
    revision = (await engine.history("dev"))[0]
    assert (revision.provenance.actor, revision.provenance.reason) == ("grace", "a new colour")
    assert revision.receipt == receipt
    assert revision.images == {"web": next(iter(harness.images.values()))}


async def test_a_release_is_recalled_exactly(harness: Harness) -> None:
    engine = harness.engine()
    first = harness.release(*harness.web(env={"COLOUR": "grün"}), reason="first")
    await harness.apply(engine, first)
    await harness.apply(engine, harness.release(*harness.web(env={"COLOUR": "red"})))
    assert await engine.recall("dev", 1) == first


async def test_a_revision_that_does_not_exist_is_refused_by_name(harness: Harness) -> None:
    engine = harness.engine()
    await harness.apply(engine, harness.release(*harness.web()))
    with pytest.raises(FlaskshipError, match="7"):
        await engine.recall("dev", 7)


async def test_the_snapshot_names_the_release_and_what_was_before(harness: Harness) -> None:
    engine = harness.engine()
    await harness.apply(engine, harness.release(*harness.web()))
    await harness.apply(engine, harness.release(*harness.web(replicas=2)))
    snapshot = await engine.observe("dev")
    assert snapshot.release is not None
    assert (snapshot.release.name, snapshot.release.revision, snapshot.release.previous) == ("dev-apps", 2, 1)
    assert snapshot.namespace == f"{harness.prefix}-dev"


async def test_another_process_sees_the_same_history(harness: Harness) -> None:
    first, second = harness.engine(), harness.engine()
    await harness.succeed(first, harness.release(*harness.web()))
    assert await second.history("dev") == await first.history("dev")
    assert await second.recall("dev", 1) == await first.recall("dev", 1)
