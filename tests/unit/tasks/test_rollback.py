"""The story of a rollback: any older revision again, as a new one."""

from dataclasses import replace

import pytest
from tests.contract.world import API, Stage, Told

from flaskship.model.errors import About, ConfigurationError, PortConflictError
from flaskship.model.location import Location
from flaskship.model.release import Provenance
from flaskship.model.verdict import Outcome
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.result import Moved
from flaskship.tasks.rollback import rollback


async def deployed(stage: Stage, *colours: str) -> None:
    for colour in colours:
        stage.applications[API] = {"node_port": 30080, "env": {"COLOUR": colour}}
        if colour == "broken":
            stage.applications[API]["command"] = ["/bin/false"]
        await deploy(
            stage.world(), stage.project, stage.environment(), stage.engine(), Wish(rollback=False), Told()
        )


async def back(
    stage: Stage, revision: int | None = None, told: Told | None = None, reason: str = ""
) -> Moved:
    return await rollback(
        stage.world(), stage.engine(), "dev", revision, Provenance("eve", reason), Wish(), told or Told()
    )


async def test_without_a_number_it_is_the_last_healthy_one_before() -> None:
    stage = Stage()
    await deployed(stage, "red", "green")
    moved = await back(stage)
    assert (moved.move.revision, moved.previous, moved.rolled_back_to) == (3, 2, 1)
    assert moved.successful
    engine = stage.engine()
    assert (await engine.recall("dev", 3)).documents == (await engine.recall("dev", 1)).documents
    newest = (await engine.history("dev"))[-1].provenance
    assert (newest.actor, newest.reason, newest.rolled_back_to) == ("eve", "rollback to revision 1", 1)


async def test_failed_revisions_are_passed_over() -> None:
    stage = Stage()
    await deployed(stage, "red", "broken", "broken")
    assert (await back(stage)).rolled_back_to == 1


async def test_it_works_across_any_number_of_revisions() -> None:
    stage = Stage()
    await deployed(stage, *(f"colour-{number}" for number in range(12)))
    moved = await back(stage, 2, reason="the green one was better")
    assert (moved.move.revision, moved.rolled_back_to) == (13, 2)
    assert (await stage.engine().history("dev"))[-1].provenance.reason == "the green one was better"


async def test_a_failed_revision_can_be_asked_for_and_is_warned_of_and_undone() -> None:
    stage, told = Stage(), Told()
    await deployed(stage, "red", "broken", "green")
    moved = await back(stage, 2, told)
    assert "revision 2 was failed" in told.warnings[0]
    assert moved.exit_code == 1
    assert moved.rolled_back_to == 3
    outcomes = [one.outcome for one in await stage.engine().history("dev")]
    assert outcomes[-2:] == [Outcome.FAILED, Outcome.SUCCESSFUL]


async def test_a_revision_that_does_not_exist_lists_those_that_do() -> None:
    stage = Stage()
    await deployed(stage, "red", "green")
    with pytest.raises(ConfigurationError, match="no revision 5") as refused:
        await back(stage, 5)
    assert refused.value.hint == "there are: 1, 2"


async def test_without_a_healthy_one_before_there_is_nothing_to_go_back_to() -> None:
    stage = Stage()
    with pytest.raises(ConfigurationError, match="no revisions yet"):
        await back(stage)
    await deployed(stage, "broken", "red")
    with pytest.raises(ConfigurationError, match="no successful revision before revision 2"):
        await back(stage)
    assert stage.state.holders == {}


@pytest.mark.parametrize(("today", "line"), [(30080, 7), (30081, None)])
async def test_a_port_that_is_taken_has_the_line_that_asks_for_it_still(today: int, line: int | None) -> None:
    stage = Stage()
    await deployed(stage, "red", "green")
    stage.applications[API]["node_port"] = today
    engine = stage.engine()

    async def refuse(*_: object) -> int:
        raise PortConflictError("taken", about=About("Service", API, "nodePort"))

    engine.apply = refuse  # type: ignore[method-assign]
    world = replace(stage.world(), locate=lambda *_: Location("values-dev.yaml", 7))
    environment = stage.environment()
    with pytest.raises(PortConflictError) as refused:
        await rollback(
            world,
            engine,
            "dev",
            None,
            Provenance("eve"),
            Wish(),
            Told(),
            today=lambda: draft(world, stage.project, environment, Wish(), 1, is_upgrade=True),
        )
    found = refused.value.location
    assert (found.line if found is not None else None) == line
