"""Asking every address of an environment: all at once, and told in the order of the workloads."""

import asyncio
from dataclasses import replace

from tests.contract.world import Stage

from flaskship.model.snapshot import Phase, Snapshot, WorkloadSnapshot
from flaskship.tasks.health import ask_all
from flaskship.tasks.world import HealthAnswer


def workload(name: str, *urls: str) -> WorkloadSnapshot:
    return WorkloadSnapshot(
        name, name, "Deployment", Phase.HEALTHY, "i", 1, 1, 1, 1, "t", endpoints=("svc/x:80", *urls)
    )


async def test_all_addresses_are_asked_at_once_and_answers_keep_their_order() -> None:
    asked: list[str] = []
    everybody = asyncio.Event()

    async def check(url: str, _patience: float) -> HealthAnswer:
        asked.append(url)
        if len(asked) == 3:
            everybody.set()
        async with asyncio.timeout(10):
            await everybody.wait()
        return HealthAnswer(url, url != "http://b/", "said")

    seen = Snapshot(
        "dev",
        "fake",
        "n",
        0.0,
        Phase.HEALTHY,
        workloads=(workload("a", "http://a"), workload("b", "http://b", "http://c"), workload("d")),
    )
    answers = await ask_all(replace(Stage().world(), check_health=check), seen, ())
    assert [(one.url, one.ok) for one in answers] == [
        ("http://a/", True),
        ("http://b/", False),
        ("http://c/", True),
    ]
