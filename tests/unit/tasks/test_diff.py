"""Diff, told with a fake engine."""

import asyncio

import pytest
from tests.contract.world import API, WORKER, Stage, Told

from flaskship.chart.difference import FieldChange
from flaskship.engines.base import Scale
from flaskship.model.errors import ConfigurationError
from flaskship.tasks.deploy import deploy
from flaskship.tasks.diff import Compared, diff
from flaskship.tasks.down import down
from flaskship.tasks.prepare import Wish


@pytest.fixture
def stage() -> Stage:
    return Stage()


def compared(stage: Stage, against: str = "live", *sets: str, env: str = "dev") -> Compared:
    environment = stage.environment(env)
    return asyncio.run(diff(stage.world(), stage.project, environment, Wish(sets=sets), against))


def changed(found: Compared) -> dict[str, list[str]]:
    return {one.name: [field.path for field in one.fields] for one in found.difference.changes}


def deployed(stage: Stage, *sets: str) -> None:
    story = deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(sets=sets), Told())
    asyncio.run(story)


def test_nothing_runs_so_everything_is_new(stage: Stage) -> None:
    found = compared(stage)
    assert "does not run on local" in found.against.note
    assert found.difference.applications == (API, WORKER)


def test_what_runs_is_compared_and_the_untouched_application_is_named(stage: Stage) -> None:
    deployed(stage)
    found = compared(stage, "live", f"applications.{API}.replicas=3")
    assert (found.against.engine, found.against.revision) == ("local", 1)
    assert changed(found) == {API: ["spec.replicas"]}
    assert found.difference.unchanged == (WORKER,)


def test_a_revision_is_compared_as_it_was(stage: Stage) -> None:
    deployed(stage, f"applications.{API}.replicas=2")
    deployed(stage)
    assert not compared(stage, "2").difference.changes
    (change,) = compared(stage, "1").difference.changes
    assert change.fields == (FieldChange("spec.replicas", 2, 1),)


def test_a_scale_by_hand_is_part_of_what_runs(stage: Stage) -> None:
    deployed(stage)

    async def scale() -> None:
        engine = stage.engine()
        lock = await engine.acquire("dev", "ada", 1.0)
        await engine.steer("dev", API, Scale(4), lock)
        await engine.release(lock)

    asyncio.run(scale())
    (change,) = compared(stage).difference.changes
    assert change.fields == (FieldChange("spec.replicas", 4, 1),)
    assert not compared(stage, "1").difference.changes


def test_another_environment_is_rendered_and_no_engine_is_asked(stage: Stage) -> None:
    found = compared(stage, "staging", f"applications.{WORKER}.replicas=2")
    assert (found.against.environment, found.against.engine) == ("staging", None)
    assert changed(found) == {WORKER: ["spec.replicas"]}
    assert not stage.engines


def test_after_down_nothing_runs(stage: Stage) -> None:
    deployed(stage)
    asyncio.run(down(stage.engine(), stage.project, "dev", Told(), purge=False))
    assert compared(stage).against.note


@pytest.mark.parametrize(
    ("against", "hint"), [("stagin", "'staging'"), ("liv", "'live'"), ("dev", "staging")]
)
def test_what_it_cannot_be_compared_with_is_refused(stage: Stage, against: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match="neither live, nor a revision") as caught:
        compared(stage, against)
    assert hint in str(caught.value.hint)


def test_a_revision_that_never_was_names_those_that_were(stage: Stage) -> None:
    deployed(stage)
    with pytest.raises(ConfigurationError, match="no revision 9") as caught:
        compared(stage, "9")
    assert caught.value.hint == "there are: 1"


def test_the_engine_is_closed_whatever_happens(stage: Stage) -> None:
    deployed(stage)
    with pytest.raises(ConfigurationError):
        compared(stage, "9")
    assert stage.engines[-1].closed
