"""Reaching Services that have no address here: lent by the engine, for as long as the block lasts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.world import API, WORKER, Stage, Told

from flaskship.engines.base import ForwardRefusedError
from flaskship.model.errors import PreflightError
from flaskship.model.snapshot import Phase, Snapshot, WorkloadSnapshot
from flaskship.tasks.deploy import deploy
from flaskship.tasks.health import SETTLING, ask_until_served
from flaskship.tasks.prepare import Wish
from flaskship.tasks.reach import reachable


class Lending(FakeEngine):
    """Services have no address of their own here; those of `silent` have nothing ready behind them."""

    silent: frozenset[str] = frozenset()
    lent: list[str]

    def forward(self, environment: str, service: str) -> object:
        @asynccontextmanager
        async def lend() -> AsyncIterator[str]:
            if service in self.silent:
                raise PreflightError(f"Service {service} has no ready Pod")
            self.lent.append(service)
            try:
                yield f"http://127.0.0.1:1/{service}"
            finally:
                self.lent.remove(service)

        return lend()


def engine(stage: Stage) -> Lending:
    one = Lending(stage.state)
    one.lent = []
    return one


def seen(*workloads: tuple[str, tuple[str, ...], int]) -> Snapshot:
    return Snapshot(
        "dev", "kubernetes", "shop", 0.0, Phase.HEALTHY, None,
        tuple(
            WorkloadSnapshot(name, name, "Deployment", Phase.HEALTHY, "demo", 1, ready, 1, ready, "t",
                             endpoints=endpoints)
            for name, endpoints, ready in workloads
        ),
    )  # fmt: skip


async def test_only_what_needs_an_address_is_lent_one_and_gives_it_back() -> None:
    lending = engine(Stage())
    before = seen(
        (API, ("http://node:30080",), 1),
        (WORKER, ("svc/my-tomorrows-worker:80",), 1),
        ("starting", ("svc/starting:80",), 0),
        ("job", (), 1),
    )
    async with reachable(lending, before) as reached:
        assert lending.lent == [WORKER]
        assert [one.endpoints for one in reached.workloads] == [
            ("http://node:30080",),
            ("svc/my-tomorrows-worker:80", f"http://127.0.0.1:1/{WORKER}"),
            ("svc/starting:80",),
            (),
        ]
    assert lending.lent == []


async def test_a_service_without_a_ready_pod_stays_without_an_address() -> None:
    lending = engine(Stage())
    lending.silent = frozenset({WORKER})
    before = seen((WORKER, ("svc/my-tomorrows-worker:80",), 1))
    async with reachable(lending, before) as reached:
        assert reached == before


async def test_an_engine_that_lends_nothing_leaves_all_as_it_is() -> None:
    stage = Stage()
    before = seen((WORKER, ("svc/a:80",), 1))
    async with reachable(stage.engine(), before) as reached:
        assert reached is before


async def test_an_interruption_before_anything_was_applied_records_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import asyncio

    stage = Stage()

    async def never(self: FakeEngine, *_: object) -> int:
        raise asyncio.CancelledError

    monkeypatch.setattr(FakeEngine, "apply", never)
    with pytest.raises(asyncio.CancelledError):
        await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    assert await stage.engine().history("dev") == ()


async def test_an_address_that_is_served_a_moment_later_is_asked_again() -> None:
    stage = Stage()
    world = stage.world()
    stage.answers = {"30080": "refused"}
    asked = 0

    async def sleep(seconds: float) -> None:
        nonlocal asked
        asked += 1
        await stage.clock.sleep(seconds)
        if asked == 3:
            stage.answers = {}

    before = seen((API, ("http://node:30080",), 1))
    answers = await ask_until_served(replace(world, sleep=sleep), before, [])
    assert [one.ok for one in answers] == [True]
    assert asked == 3


async def test_an_address_that_stays_silent_is_told_after_its_time() -> None:
    stage = Stage()
    stage.answers = {"30080": "refused"}
    began = stage.clock.now
    (answer,) = await ask_until_served(stage.world(), seen((API, ("http://node:30080",), 1)), [])
    assert not answer.ok
    assert stage.clock.now - began >= SETTLING


class Forbidding(Lending):
    """Whoever asks here may not have an address lent."""

    def forward(self, environment: str, service: str) -> object:
        @asynccontextmanager
        async def lend() -> AsyncIterator[str]:
            raise ForwardRefusedError(f"Service {service} cannot be asked")
            yield ""

        return lend()


async def test_where_no_address_may_be_lent_a_move_goes_without_and_a_verify_says_so() -> None:
    forbidding = Forbidding(Stage().state)
    before = seen((WORKER, ("svc/my-tomorrows-worker:80",), 1))
    async with reachable(forbidding, before) as now:
        assert now == before
    with pytest.raises(ForwardRefusedError, match="cannot be asked"):
        async with reachable(forbidding, before, insist=True):
            raise AssertionError("unknown is no success")
