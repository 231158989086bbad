"""The story of down: stopped once, harmless twice, purged by name."""

from pathlib import Path

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.world import Stage, Told

from flaskship.model.snapshot import Phase
from flaskship.tasks.down import belongings, down, down_all
from flaskship.tasks.prepare import Wish
from flaskship.tasks.up import up


async def start(stage: Stage, name: str = "dev") -> None:
    await up(stage.world(), stage.project, stage.environment(name), stage.engine(), Wish(), Told())


async def test_down_stops_and_keeps_the_history() -> None:
    stage = Stage()
    await start(stage)
    result = await down(stage.engine(), stage.project, "dev", Told(), purge=False)
    assert (result.stopped, result.purged) == (True, ())
    assert (await stage.engine().observe("dev")).phase is Phase.STOPPED
    assert len(await stage.engine().history("dev")) == 1
    assert stage.state.holders == {}


async def test_down_twice_is_harmless_and_takes_no_lock() -> None:
    stage = Stage()
    stage.state.holders["dev"] = ("token", "somebody")
    result = await down(stage.engine(), stage.project, "dev", Told(), purge=False)
    assert not result.stopped


async def test_a_purge_names_everything_before_it_is_removed(tmp_path: Path) -> None:
    stage, told = Stage(tmp_path), Told()
    await start(stage)
    for name in ("data", "logs", "volumes"):
        (tmp_path / ".flaskship/envs/dev" / name).mkdir(parents=True)
    (tmp_path / ".flaskship/secrets.dev.yaml").touch()
    (tmp_path / ".flaskship/envs/staging/data").mkdir(parents=True)
    named_at: list[int] = []

    class Watching(FakeEngine):
        async def delete(self, environment: str, lock: object, *, purge: bool = False) -> None:
            named_at.append(len(told.warnings))
            await super().delete(environment, lock, purge=purge)  # type: ignore[arg-type]

    result = await down(Watching(stage.state), stage.project, "dev", told, purge=True)
    assert named_at == [4]
    assert [Path(path).name for path in result.purged] == ["data", "logs", "volumes", "secrets.dev.yaml"]
    assert all(str(path) in " ".join(told.warnings) for path in result.purged)


async def test_a_purge_of_what_does_not_run_still_removes_its_data(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    (tmp_path / ".flaskship/envs/dev/data").mkdir(parents=True)
    result = await down(stage.engine(), stage.project, "dev", Told(), purge=True)
    assert (result.stopped, len(result.purged)) == (False, 1)
    assert stage.state.of("dev").purged == 1


def test_nothing_belongs_to_an_environment_that_never_was(tmp_path: Path) -> None:
    assert belongings(tmp_path, "dev") == ()


async def test_down_all_stops_every_environment_and_then_the_daemons() -> None:
    stage = Stage()
    await start(stage)
    await start(stage, "staging")
    result = await down_all(stage.world(), stage.project, Told(), purge=False)
    assert [(one.environment, one.stopped) for one in result] == [("dev", True), ("staging", True)]
    assert stage.state.shut_down == 1
    again = await down_all(stage.world(), stage.project, Told(), purge=False)
    assert not any(one.stopped for one in again)
    assert stage.state.shut_down == 2
    assert all(engine.closed for engine in stage.engines[-4:])


async def test_down_all_asks_the_daemons_to_end_when_nobody_else_is_connected() -> None:
    stage, open_then = Stage(), list[FakeEngine]()

    class Asked(FakeEngine):
        async def shutdown(self) -> str:
            open_then.extend(engine for engine in stage.engines if not engine.closed)
            return ""

    stage.make = Asked
    await down_all(stage.world(), stage.project, Told(), purge=False)
    assert open_then == stage.engines[:1]


async def test_down_all_says_what_keeps_the_daemons() -> None:
    class Kept(FakeEngine):
        async def shutdown(self) -> str:
            return "up dev (pid 7) is at work"

    stage, told = Stage(), Told()
    stage.make = Kept
    await down_all(stage.world(), stage.project, told, purge=False)
    assert any("stay for now: up dev (pid 7) is at work" in line for line in told.warnings)


async def test_a_failure_in_down_all_closes_what_was_opened() -> None:
    class Broken(FakeEngine):
        async def observe(self, environment: str):
            raise RuntimeError

    stage = Stage()
    stage.make = Broken
    with pytest.raises(RuntimeError):
        await down_all(stage.world(), stage.project, Told(), purge=False)
    assert stage.state.shut_down == 0
