"""What goes on beside a verdict, and what is left for its end."""

import asyncio

import pytest
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.base import Lock
from flaskship.engines.kubernetes.chores import Chores, all_ended
from flaskship.engines.kubernetes.engine import KubernetesEngine
from flaskship.model.errors import LockedError
from flaskship.model.verdict import Outcome, Verdict


async def test_what_is_begun_goes_on_and_what_is_kept_waits_for_the_end() -> None:
    chores, did = Chores(), list[str]()

    async def work(name: str) -> None:
        did.append(name)

    await chores.keep(work("kept"))
    await chores.begin(work("begun"))
    assert did == []
    await chores.done()
    assert did == ["begun"]
    await chores.all_done()
    assert did == ["begun", "kept"]
    await chores.all_done()
    assert did == ["begun", "kept"], "each is done once"


async def test_an_error_is_told_when_all_the_rest_has_ended() -> None:
    chores, did = Chores(), list[str]()

    async def fails() -> None:
        raise ValueError("no record")

    async def slow() -> None:
        await asyncio.sleep(0)
        did.append("slow")

    await chores.begin(fails())
    await chores.begin(slow())
    with pytest.raises(ValueError, match="no record"):
        await chores.done()
    assert did == ["slow"]
    await chores.done()


async def test_where_one_fails_the_others_have_ended_before_it_is_told() -> None:
    did = list[str]()

    async def fails() -> None:
        raise ValueError("refused")

    async def slow() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        did.append("slow")

    with pytest.raises(ValueError, match="refused"):
        await all_ended(fails(), slow())
    assert did == ["slow"]


async def test_what_all_came_to_is_told_in_their_order() -> None:
    async def give(one: int) -> int:
        await asyncio.sleep(0)
        return one

    assert await all_ended(give(1), give(2)) == [1, 2]


async def test_a_lost_lock_is_told_when_the_tests_that_wait_are_gone() -> None:
    engine, gone = KubernetesEngine(Api().cluster(), [PLACE]), list[str]()

    async def forgo(environment: str) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        gone.append(environment)

    engine._readying.forgo = forgo  # type: ignore[method-assign]
    with pytest.raises(LockedError):
        await engine.conclude("dev", 1, Verdict(Outcome.SUCCESSFUL), None, Lock("dev", "lost"))
    assert gone == ["dev"]
