"""A Secret that a deploy makes up is named, so that a misspelt one is seen."""

from tests.contract.fake import FakeEngine, FakeState
from tests.contract.world import API, Stage, Told

from flaskship.model.errors import ConfigurationError
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved

BREAK = (f"applications.{API}.command={{/bin/false}}",)


class Maker(FakeEngine):
    """Makes up one key more with each release that it applies."""

    kept: tuple[str, ...] = ()

    def __init__(self, state: FakeState) -> None:
        super().__init__(state)
        self.state = state

    def made_secrets(self, environment: str) -> tuple[str, ...]:
        return tuple(f"app-secrets/key-{number}" for number in sorted(self.state.of(environment).releases))


class Unreadable(FakeEngine):
    def made_secrets(self, environment: str) -> tuple[str, ...]:
        raise ConfigurationError(f"the Secrets of {environment} cannot be read")


async def run(stage: Stage, told: Told, *sets: str, rollback: bool = True) -> Moved:
    return await deploy(
        stage.world(),
        stage.project,
        stage.environment(),
        stage.engine(),
        Wish(sets=sets, rollback=rollback),
        told,
    )


def named(told: Told) -> list[str]:
    return [step for step in told.steps if "made up for this machine" in step]


async def test_only_new_keys_are_named() -> None:
    stage, first, second = Stage(), Told(), Told()
    stage.make = Maker
    await run(stage, first)
    moved = await run(stage, second)
    assert named(first)[0].endswith(": app-secrets/key-1")
    assert named(second)[0].endswith(": app-secrets/key-2")
    assert moved.made_secrets == ("app-secrets/key-2",)


async def test_a_failed_deploy_names_them_too() -> None:
    stage, told = Stage(), Told()
    stage.make = Maker
    moved = await run(stage, told, *BREAK, rollback=False)
    assert not moved.successful
    assert moved.made_secrets == ("app-secrets/key-1",)
    assert len(named(told)) == 1


async def test_an_engine_that_makes_none_says_nothing() -> None:
    told = Told()
    moved = await run(Stage(), told)
    assert (moved.made_secrets, named(told)) == ((), [])


async def test_a_file_that_cannot_be_read_fails_no_deploy() -> None:
    stage, told = Stage(), Told()
    stage.make = Unreadable
    moved = await run(stage, told)
    assert moved.successful
    assert named(told) == []
