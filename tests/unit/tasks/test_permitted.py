"""A user who may not do everything is told all of it, whichever read fails first."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from tests.contract.fake import FakeCluster, FakeState
from tests.contract.world import API, Stage

from flaskship.engines.base import Doing
from flaskship.engines.kubernetes.failures import UnreachableError
from flaskship.model.errors import PreflightError, TwoWritersError
from flaskship.model.release import Document, Revision
from flaskship.tasks.reading import reading
from flaskship.tasks.single_writer import STAMP
from flaskship.tasks.targets import open_to_write, permitted

ALL = "its user may not do this, that and the third"


class Guarded(FakeCluster):
    """An engine of a user who may not write, and who may not read either where it is blind."""

    def __init__(self, state: FakeState, *, blind: bool, refuses: bool = True) -> None:
        super().__init__(state)
        self.blind, self.refuses = blind, refuses
        self.asked: tuple[Document, ...] = ()
        self.doing: Doing | None = None

    async def permit(
        self, environment: str, documents: Iterable[Document], doing: Doing = Doing.DEPLOY
    ) -> None:
        self.asked, self.doing = tuple(documents), doing
        if self.refuses:
            raise PreflightError(ALL)

    async def history(self, environment: str) -> tuple[Revision, ...]:
        if self.blind:
            raise PreflightError("its user may not do this")
        return await super().history(environment)


async def open_it(stage: Stage, engine: Guarded, *, applies: bool = True) -> None:
    world = replace(stage.world(), open_engine=lambda *_: engine)
    environment = stage.environment("staging")
    await open_to_write(world, stage.project, environment, "kubernetes", "deploy staging", applies=applies)


def made(*, blind: bool = False, refuses: bool = True) -> tuple[Stage, Guarded]:
    stage = Stage()
    stage.cluster = FakeState(stage.clock)
    return stage, Guarded(stage.cluster, blind=blind, refuses=refuses)


@pytest.mark.parametrize("blind", [False, True])
async def test_all_that_is_missing_is_told_and_the_engine_is_closed(blind: bool) -> None:
    stage, engine = made(blind=blind)
    with pytest.raises(PreflightError, match=ALL):
        await open_it(stage, engine)
    assert engine.closed
    assert {one["kind"] for one in engine.asked} >= {"Deployment", "Service"}


async def test_another_failure_stays_what_it_is_where_everything_is_permitted() -> None:
    stage, engine = made(blind=True, refuses=False)
    with pytest.raises(PreflightError, match=r"its user may not do this$"):
        await open_it(stage, engine)


class Away(Guarded):
    """An engine whose cluster answers nobody."""

    async def history(self, environment: str) -> tuple[Revision, ...]:
        raise UnreachableError("no answer within 10 s")


@pytest.mark.parametrize("doing", [Doing.DEPLOY, Doing.ABORT, Doing.STEER, Doing.HOLD])
async def test_a_cluster_that_does_not_answer_is_told_at_once_and_asked_nothing_more(doing: Doing) -> None:
    stage = Stage()
    stage.cluster = FakeState(stage.clock)
    engine = Away(stage.cluster, blind=False)
    world = replace(stage.world(), open_engine=lambda *_: engine)
    environment = stage.environment("staging")
    applies = doing in (Doing.DEPLOY, Doing.ABORT)
    with pytest.raises(UnreachableError, match="no answer within 10 s"):
        await open_to_write(
            world, stage.project, environment, "kubernetes", "deploy staging", applies=applies, doing=doing
        )
    assert engine.closed
    assert engine.doing is None, "what its user may do would not be answered either"


async def test_whoever_is_not_the_writer_is_not_told_to_ask_for_permissions() -> None:
    stage, engine = made()
    assert stage.cluster is not None
    stranger = {"kind": "Deployment", "metadata": {"name": API, "annotations": {STAMP: "terraform"}}}
    stage.cluster.strangers.append(stranger)
    with pytest.raises(TwoWritersError):
        await open_it(stage, engine)


async def test_a_write_that_applies_nothing_asks_for_nothing() -> None:
    stage, engine = made()
    await open_it(stage, engine, applies=False)
    assert engine.asked == ()


@pytest.mark.parametrize("applies", [True, False])
async def test_what_a_render_needs_is_loaded_beside_where_one_follows(applies: bool) -> None:
    stage, engine = made(refuses=False)
    loaded: list[str] = []
    world = replace(
        stage.world(), open_engine=lambda *_: engine, foresee=lambda: loaded.append("the binding")
    )
    environment = stage.environment("staging")
    await open_to_write(world, stage.project, environment, "kubernetes", "deploy staging", applies=applies)
    assert loaded == ["the binding"] * applies


@pytest.mark.parametrize("dry_run", [False, True])
async def test_permissions_are_asked_beside_the_look_for_another_writer_where_something_is_applied(
    dry_run: bool,
) -> None:
    asked = []

    async def inside(engine: Guarded) -> None:
        async with permitted(engine, "staging", (), None if dry_run else Doing.DEPLOY):
            asked.append("its writer")

    _, engine = made()
    if dry_run:
        await inside(engine)
    else:
        with pytest.raises(PreflightError, match=ALL):
            await inside(engine)
    assert asked == ["its writer"]


@pytest.mark.parametrize("doing", [Doing.STEER, Doing.HOLD])
async def test_steering_asks_for_all_of_its_own_before_it_does_anything(doing: Doing) -> None:
    stage, engine = made()
    world = replace(stage.world(), open_engine=lambda *_: engine)
    environment = stage.environment("staging")
    with pytest.raises(PreflightError, match=ALL):
        await open_to_write(world, stage.project, environment, "kubernetes", "restart staging", doing=doing)
    assert engine.closed
    assert engine.doing is doing
    assert {one["kind"] for one in engine.asked} >= {"Deployment", "Service"}


async def test_a_read_that_more_follows_asks_for_all_of_it_beside() -> None:
    stage, engine = made()
    world = replace(stage.world(), open_engine=lambda *_: engine)
    environment = stage.environment("staging")
    with pytest.raises(PreflightError, match=ALL):
        async with reading(world, stage.project, environment, "kubernetes", doing=Doing.VERIFY):
            raise AssertionError("it was read, and nothing was asked")
    assert (engine.closed, engine.doing) == (True, Doing.VERIFY)
    engine.closed, engine.doing = False, None
    async with reading(world, stage.project, environment, "kubernetes"):
        assert engine.doing is None, "a read alone asks where something is refused"
    async with reading(stage.world(), stage.project, stage.environment("dev"), None, doing=Doing.VERIFY):
        pass  # an engine without permissions is asked for none
