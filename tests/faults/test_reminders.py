"""A reminder that was acknowledged arrives, whoever dies: counted with the real applications."""

import pytest
from tests.faults.mistakes import MISTAKES, deploys
from tests.faults.results import Line, record
from tests.faults.shop import Harm, Shop, daemon_dies, during, goes_back, updates, worker_dies

HARM: dict[str, tuple[str, Harm]] = {
    "worker": ("reminders fall due: kill -9 of the Worker", worker_dies),
    "supervisor": ("reminders fall due: kill -9 of the supervisor", daemon_dies("supervisor")),
    "router": ("reminders fall due: kill -9 of the router", daemon_dies("router")),
    "spawner": ("reminders fall due: kill -9 of the spawner", daemon_dies("spawner")),
    "update": ("reminders fall due: a rolling update of API and Worker", updates),
    "rollback": ("reminders fall due: a rollback of API and Worker", goes_back),
}


@pytest.mark.parametrize("name", HARM)
async def test_every_acknowledged_reminder_arrives(shop: Shop, name: str) -> None:
    title, harm = HARM[name]
    async with shop.opened():
        seen, customers = await during(shop, harm)
        await shop.stand.ready()
    await shop.town.clean()
    record(Line(f"reminders-{name}", title, seen, orphans=len(shop.town.orphans())))
    assert seen.reminders_lost == 0
    if name != "router":
        assert customers.failed == []


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_deploy_that_cannot_succeed_says_why_and_costs_nothing(shop: Shop, name: str) -> None:
    mistake = MISTAKES[name]
    async with shop.opened():
        seen, customers = await during(shop, deploys(mistake))
        await shop.stand.ready()
    await shop.town.clean()
    record(Line(f"mistake-{name}", mistake.title, seen, orphans=len(shop.town.orphans())))
    assert (seen.reminders_lost, customers.failed) == (0, [])
