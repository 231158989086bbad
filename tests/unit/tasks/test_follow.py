"""Following: only what was asked for is judged, never a look from before it."""

from collections.abc import AsyncIterator

import pytest
from tests.contract.fake import FakeEngine, FakeState
from tests.contract.harness import uids
from tests.contract.world import API, Stage, Told

from flaskship.engines.base import Lock, Trial
from flaskship.model.release import Release
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.follow import SUPERSEDED, follow_to_verdict
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import restart


class Late(FakeEngine):
    """Shows the environment as it was when it was opened, twice, before it shows it as it is."""

    def __init__(self, state: FakeState, before: Snapshot) -> None:
        super().__init__(state)
        self.before = before

    async def follow(self, environment: str) -> AsyncIterator[Snapshot]:
        yield self.before
        yield self.before
        async for snapshot in super().follow(environment):
            yield snapshot


async def late() -> Stage:
    stage = Stage()
    await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    before = await stage.engine().observe("dev")
    stage.make = lambda state: Late(state, before)
    return stage


async def test_a_look_at_the_revision_before_is_not_judged() -> None:
    stage = await late()
    wish = Wish(sets=(f"applications.{API}.command={{/bin/false}}",), rollback=False)
    moved = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), wish, Told())
    assert moved.move.verdict.outcome is Outcome.FAILED


async def test_a_look_from_before_the_restart_does_not_end_it() -> None:
    stage = await late()
    before = await stage.engine().observe("dev")
    result = await restart(stage.world(), stage.engine(), "dev", None, "ada", Wish(), Told())
    assert not uids(before, API) & uids(result.snapshot, API)


async def test_every_look_is_reported_and_the_stream_is_let_go() -> None:
    stage, told = await late(), Told()
    verdict, snapshot = await follow_to_verdict(stage.world(), stage.engine(), "dev", 1, told)
    assert verdict.outcome is Outcome.SUCCESSFUL
    assert told.snapshots == [snapshot]


class Overtaken(FakeEngine):
    """Somebody who takes no lock applies a newer revision once the own one is there, or once it is judged."""

    def __init__(self, state: FakeState, when: str) -> None:
        super().__init__(state)
        self.when, self.mine, self.others = when, 0, 0

    async def apply(self, release: Release, lock: Lock) -> int:
        self.mine = await super().apply(release, lock)
        if self.when == "applied":
            await self.overtake(release, lock)
        return self.mine

    async def tests(self, environment: str) -> tuple[str, ...]:
        return ("answers",)

    async def test(self, environment: str, lock: Lock, waits: object = None) -> tuple[Trial, ...]:
        if self.when == "judged":
            await self.overtake(await self.recall(environment, self.mine), lock)
        return ()

    async def overtake(self, release: Release, lock: Lock) -> None:
        if not self.others:
            self.others = await super().apply(release, lock)


@pytest.mark.parametrize("when", ["applied", "judged"])
async def test_what_somebody_elses_revision_does_is_not_the_own_ones_success(when: str) -> None:
    stage = Stage()
    await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    stage.make = lambda state: Overtaken(state, when)
    engine = stage.engine()
    wish = Wish(sets=(f"applications.{API}.replicas=2",))
    moved = await deploy(stage.world(), stage.project, stage.environment(), engine, wish, Told())
    assert moved.move.verdict.outcome is Outcome.INCONCLUSIVE
    [cause] = moved.move.verdict.causes
    assert (cause.code, "revision 3 took the place of revision 2" in cause.message) == (SUPERSEDED, True)
    assert moved.undo is None
    history = await engine.history("dev")
    assert [one.outcome for one in history][1] is Outcome.INCONCLUSIVE
