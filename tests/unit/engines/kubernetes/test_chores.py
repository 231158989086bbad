"""What goes on beside a verdict, and what is left for its end."""

import asyncio

import pytest

from flaskship.engines.kubernetes.chores import Chores, all_ended


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
