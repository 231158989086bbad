"""A deploy that does not come to its end: its user ends it, or somebody takes its lock."""

import asyncio

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.world import WORKER, Stage, Told
from tests.unit.tasks.deploying import BREAK, SILENT, outcomes, run

from flaskship.engines.base import Lock
from flaskship.model.errors import LockedError
from flaskship.model.release import Release
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.result import Moved


async def interrupted(stage: Stage, *after: int, **wish: object) -> tuple[Moved, Told]:
    """Run a deploy and cancel it at the snapshots of these numbers."""
    told = Told()

    class Impatient(Told):
        def saw(self, snapshot: object) -> None:
            told.snapshots.append(snapshot)  # type: ignore[arg-type]
            if len(told.snapshots) in after:
                task.cancel()

    report = Impatient(told.steps, told.warnings)
    task = asyncio.ensure_future(run(stage, report, **wish))
    moved = await task
    assert (moved.exit_code, moved.move.verdict.outcome) == (130, Outcome.INCONCLUSIVE)
    assert [one.code for one in moved.move.verdict.causes] == ["Interrupted"]
    return moved, told


async def test_an_interrupted_first_deploy_leaves_nothing_running() -> None:
    stage = Stage()
    moved, told = await interrupted(stage, 1)
    assert "stopping dev" in told.warnings[-1]
    assert moved.not_undone == "nothing ran before, so dev was stopped"
    assert (await stage.engine().observe("dev")).phase is Phase.STOPPED
    assert await outcomes(stage) == [Outcome.INCONCLUSIVE]
    assert stage.state.holders == {}


async def test_an_interrupted_deploy_goes_back_to_what_ran() -> None:
    stage = Stage()
    await run(stage)
    moved, told = await interrupted(stage, 1, sets=(f"applications.{WORKER}.replicas=3",))
    assert "going back to revision 1" in told.warnings[-1]
    history = await stage.engine().history("dev")
    # What it went back to was followed and judged as every undo is.
    assert [one.outcome for one in history] == [
        Outcome.SUCCESSFUL,
        Outcome.INCONCLUSIVE,
        Outcome.SUCCESSFUL,
    ]
    assert history[2].provenance.rolled_back_to == 1
    assert history[2].provenance.reason == "revision 2 was interrupted"
    assert moved.undo is not None
    assert (moved.undo.revision, moved.undo.verdict.outcome) == (3, Outcome.SUCCESSFUL)
    assert (moved.move.revision, moved.rolled_back_to) == (2, 1)
    assert [one.desired for one in (await stage.engine().observe("dev")).workloads] == [1, 1]
    # What was sent until then is told and kept.
    assert moved.move.receipt is not None
    assert history[1].receipt == moved.move.receipt


async def test_an_undo_that_is_interrupted_too_is_told_as_unjudged() -> None:
    stage = Stage()
    await run(stage)
    moved, told = await interrupted(stage, 1, 2, sets=(f"applications.{WORKER}.replicas=3",))
    assert moved.undo is not None
    assert (moved.undo.revision, moved.undo.verdict.outcome) == (3, Outcome.INCONCLUSIVE)
    assert "how it is was not judged: flaskship verify dev" in told.warnings[-1]
    assert await outcomes(stage) == [Outcome.SUCCESSFUL, Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE]
    assert stage.state.holders == {}


async def test_a_failure_that_is_interrupted_before_it_went_back_says_how_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    await run(stage)

    async def never(self: FakeEngine, *_: object) -> Release:
        raise asyncio.CancelledError

    recalled = FakeEngine.recall

    async def once(self: FakeEngine, environment: str, revision: int) -> Release:
        monkeypatch.setattr(FakeEngine, "recall", never)
        return await recalled(self, environment, revision)

    monkeypatch.setattr(FakeEngine, "recall", once)  # the first is what the deploy compares with
    moved = await run(stage, sets=BREAK)
    assert (moved.exit_code, moved.undo) == (130, None)
    assert moved.move.verdict.outcome is Outcome.FAILED, "the verdict stays what it is"
    assert moved.not_undone == "interrupted before revision 1 was put back: flaskship rollback dev 1"


async def test_an_interruption_while_the_engine_applies_is_told_by_what_it_wrote(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    await run(stage)
    apply = FakeEngine.apply

    async def written(self: FakeEngine, *given: object) -> int:
        monkeypatch.setattr(FakeEngine, "apply", apply)
        await apply(self, *given)  # type: ignore[arg-type]
        raise asyncio.CancelledError

    monkeypatch.setattr(FakeEngine, "apply", written)
    moved = await run(stage, sets=(f"applications.{WORKER}.replicas=3",))
    assert (moved.exit_code, moved.move.revision, moved.rolled_back_to) == (130, 2, 1)


class Losing(FakeEngine):
    """An engine whose lock somebody else takes at the second look."""

    looks = 0

    async def lost(self, lock: Lock) -> LockedError:
        while type(self).looks < 2:
            await asyncio.sleep(0)
        return LockedError("dev is now that of ada")

    async def observe(self, environment: str) -> Snapshot:
        type(self).looks += 1
        return await super().observe(environment)


async def test_a_writer_that_lost_its_lock_stops_at_once_and_undoes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    await run(stage)
    stage.make = Losing
    monkeypatch.setattr(Losing, "looks", 0)
    began = stage.clock.now
    with pytest.raises(LockedError, match="ada") as lost:
        await run(stage, sets=SILENT)
    assert lost.value.exit_code == 5
    assert stage.clock.now - began < 5
    assert await outcomes(stage) == [Outcome.SUCCESSFUL, None]
    assert stage.state.holders == {}


async def test_an_interrupted_deploy_without_rollback_is_left() -> None:
    stage = Stage()
    moved, _ = await interrupted(stage, 1, rollback=False)
    assert "--no-rollback" in str(moved.not_undone)
    assert (await stage.engine().observe("dev")).phase is not Phase.STOPPED


async def test_a_failure_whose_way_back_is_interrupted_is_interrupted_and_stays_a_failure() -> None:
    stage, told = Stage(), Told()
    await run(stage)

    class Impatient(Told):
        def warn(self, message: str) -> None:
            told.warn(message)

        def step(self, message: str) -> None:
            self.back = getattr(self, "back", False) or message.startswith("going back")

        def saw(self, snapshot: Snapshot) -> None:
            if getattr(self, "back", False):
                task.cancel()

    task = asyncio.ensure_future(run(stage, Impatient(), sets=BREAK))
    moved = await task
    assert moved.undo is not None
    assert (moved.exit_code, moved.move.verdict.outcome) == (130, Outcome.FAILED)
    assert moved.undo.verdict.outcome is Outcome.INCONCLUSIVE
    assert await outcomes(stage) == [Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.INCONCLUSIVE]
    assert stage.state.holders == {}
