"""The story of up: build, start, leave alone what is as it should be, stop only what was started."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.harness import locked
from tests.contract.world import API, Stage, Told

from flaskship.engines.local.paths import LocalPaths
from flaskship.model.errors import ConfigurationError
from flaskship.model.snapshot import Phase
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import scale
from flaskship.tasks.up import Up, attend, up

BREAK = (f"applications.{API}.command={{/bin/false}}",)


async def run(stage: Stage, told: Told | None = None, *, strict: bool = False, **wish: object) -> Up:
    return await up(
        stage.world(),
        stage.project,
        stage.environment(),
        stage.engine(),
        Wish(**wish),
        told or Told(),
        strict=strict,
    )


async def test_up_starts_what_does_not_run() -> None:
    result = await run(Stage())
    assert result.moved is not None
    assert result.moved.successful
    assert result.started
    assert result.snapshot.phase is Phase.HEALTHY
    assert result.secrets is None


async def test_a_second_up_does_nothing_and_says_so() -> None:
    stage, told = Stage(), Told()
    await run(stage)
    result = await run(stage, told)
    assert result.moved is None
    assert not result.started
    assert "nothing has changed" in told.steps[-1]
    assert len(await stage.engine().history("dev")) == 1


@pytest.mark.parametrize("change", ["values", "image"])
async def test_a_change_is_deployed(change: str) -> None:
    stage = Stage()
    await run(stage)
    if change == "image":
        stage.image_id = "sha256:two"
    else:
        stage.applications[API]["env"] = {"COLOUR": "red"}
    result = await run(stage)
    assert result.moved is not None
    assert (result.moved.move.revision, result.moved.previous) == (2, 1)
    assert not result.started


async def test_what_is_unchanged_but_unwell_is_deployed_again() -> None:
    stage = Stage()
    await run(stage, sets=BREAK)
    result = await run(stage, sets=BREAK)
    assert result.moved is not None
    assert result.moved.exit_code == 1


async def test_what_was_scaled_is_unchanged_until_the_next_deploy() -> None:
    stage = Stage()
    await run(stage)
    await scale(stage.world(), stage.engine(), "dev", API, 3, "ada", Wish(), Told())
    assert (await run(stage)).moved is None


async def test_what_was_stopped_starts_again() -> None:
    stage = Stage()
    await run(stage)
    engine = stage.engine()
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock)
    result = await run(stage)
    assert result.started
    assert result.snapshot.phase is Phase.HEALTHY


async def test_a_failed_up_leaves_what_ran_before_running() -> None:
    stage = Stage()
    await run(stage)
    result = await run(stage, sets=BREAK)
    assert result.moved is not None
    assert result.moved.exit_code == 1
    assert result.snapshot.phase is Phase.HEALTHY


class Noting(FakeEngine):
    async def observe(self, environment: str):
        snapshot = await super().observe(environment)
        return replace(snapshot, notes=("hpa ignored",) if snapshot.workloads else ())


async def test_strict_refuses_findings_and_stops_what_it_started() -> None:
    stage = Stage()
    stage.make = Noting
    with pytest.raises(ConfigurationError, match="hpa ignored"):
        await run(stage, strict=True)
    assert (await stage.engine().observe("dev")).phase is Phase.STOPPED
    assert stage.state.holders == {}


async def test_strict_refuses_findings_of_what_runs_already_and_leaves_it() -> None:
    stage = Stage()
    stage.make = Noting
    await run(stage)
    with pytest.raises(ConfigurationError, match="hpa ignored"):
        await run(stage, strict=True)
    assert (await stage.engine().observe("dev")).phase is Phase.HEALTHY


class Leaving(Told):
    """Interrupts the attached command at the first snapshot that it sees."""

    task: "asyncio.Future[None]"

    def saw(self, snapshot: object) -> None:
        self.task.cancel()


@pytest.mark.parametrize(("started", "phase"), [(True, Phase.STOPPED), (False, Phase.HEALTHY)])
async def test_an_interrupted_attached_up_stops_only_what_it_started(started: bool, phase: Phase) -> None:
    stage, report = Stage(), Leaving()
    await run(stage)
    report.task = asyncio.ensure_future(attend(stage.engine(), "dev", report, started=started))
    with pytest.raises(asyncio.CancelledError):
        await report.task
    assert (await stage.engine().observe("dev")).phase is phase
    assert stage.state.holders == {}
    assert len(asyncio.all_tasks()) == 1


async def test_an_attached_up_ends_when_somebody_else_stops_the_environment() -> None:
    stage = Stage()
    await run(stage)

    class Watching(Told):
        def saw(self, snapshot: object) -> None:
            super().saw(snapshot)  # type: ignore[arg-type]
            if len(self.snapshots) == 3:
                stage.state.of("dev").running = False

    report = Watching()
    await attend(stage.engine(), "dev", report, started=True)
    assert report.steps == ["dev was stopped"]


async def test_an_attached_up_streams_what_the_replicas_write() -> None:
    stage = Stage()
    await run(stage)

    class Restarting(Told):
        def saw(self, snapshot: object) -> None:
            super().saw(snapshot)  # type: ignore[arg-type]
            if len(self.snapshots) == 2:
                stage.state.of("dev").workloads[API].generation += 1
            if len(self.snapshots) == 9:
                stage.state.of("dev").running = False

    report = Restarting()
    await attend(stage.engine(), "dev", report, started=False)
    assert [line.application for line in report.lines] == [API]


async def test_an_attached_up_shows_the_first_lines_of_what_it_started() -> None:
    stage = Stage()
    await run(stage)
    before = [line.text for line in stage.state.of("dev").logs]
    assert before

    class Watching(Told):
        def saw(self, snapshot: object) -> None:
            super().saw(snapshot)  # type: ignore[arg-type]
            if len(self.snapshots) == 3:
                stage.state.of("dev").running = False

    report = Watching()
    await attend(stage.engine(), "dev", report, started=True)
    assert [line.text for line in report.lines] == before


async def test_up_tells_where_the_passwords_of_this_machine_are(tmp_path: Path) -> None:
    file = LocalPaths(tmp_path).secrets("dev")
    file.parent.mkdir(parents=True)
    file.write_text("app-secrets:\n")
    assert (await run(Stage(tmp_path))).secrets == Path(".flaskship/secrets.dev.yaml")


class Begun(FakeEngine):
    """Writes down when it is told to begin."""

    def begin(self) -> None:
        self.told.append("begin")


async def test_the_engine_starts_while_the_chart_is_rendered_and_only_where_nothing_runs() -> None:
    stage = Stage()
    engine = Begun(stage.state)
    engine.told = []
    world = stage.world()

    def render(*values: object, **options: object) -> object:
        engine.told.append("render")
        return stage.world().render(*values, **options)

    world = replace(world, render=render)
    for _ in range(2):
        await up(world, stage.project, stage.environment(), engine, Wish(), Told())
    assert engine.told[:2] == ["begin", "render"]
    assert engine.told.count("begin") == 1
