"""What a user can do to an environment, and what must be true of it afterwards, whoever died meanwhile."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.contract.world import Stage as Scene
from tests.contract.world import Told
from tests.faults.town import BREAK, Town
from tests.faults.watch import ask

from flaskship.engines.base import Restart, Scale
from flaskship.model.release import Release, Revision
from flaskship.model.snapshot import Phase, ReplicaPhase, Snapshot
from flaskship.model.verdict import Outcome
from flaskship.tasks.carry_out import Stage, carry_out
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved
from flaskship.verification.judge import judge

Done = Callable[[Snapshot, tuple[Revision, ...]], bool]


@dataclass(frozen=True)
class Case:
    """One operation on one environment of the town, under way or not yet begun."""

    town: Town
    environment: str
    argument: str
    """The version that it deploys, or the number of replicas that it scales to."""


async def deploy(town: Town, release: Release) -> Moved:
    """What `flaskship deploy` does once it has rendered and built: the real task on the real engine."""
    engine = town.engine()
    world = replace(Scene().world(), judge=judge)
    try:
        lock = await engine.acquire(release.environment, "faults: deploy", 30.0)
        stage = Stage(world, engine, lock, Told(), Wish())
        moved = await carry_out(stage, release, await engine.observe(release.environment))
        await engine.release(lock)
        return moved
    finally:
        await engine.close()


async def first_apply(case: Case) -> None:
    moved = await deploy(case.town, case.town.with_job(case.town.web(case.environment, case.argument)))
    assert moved.successful, moved


async def update(case: Case) -> None:
    moved = await deploy(case.town, case.town.web(case.environment, case.argument))
    assert moved.successful, moved


async def fail_and_undo(case: Case) -> None:
    moved = await deploy(case.town, case.town.web(case.environment, case.argument, command=BREAK))
    assert not moved.successful, moved
    assert moved.undo is not None, moved
    assert moved.undo.verdict.outcome is Outcome.SUCCESSFUL, moved


async def restart(case: Case) -> None:
    await _steer(case, Restart())


async def scale(case: Case) -> None:
    await _steer(case, Scale(int(case.argument)))


async def _steer(case: Case, action: Restart | Scale) -> None:
    engine = case.town.engine()
    try:
        lock = await engine.acquire(case.environment, "faults: steer", 30.0)
        await engine.steer(case.environment, "web", action, lock)
        await engine.release(lock)
    finally:
        await engine.close()


async def delete(case: Case) -> None:
    engine = case.town.engine()
    try:
        lock = await engine.acquire(case.environment, "faults: down", 30.0)
        await engine.delete(case.environment, lock, purge=True)
        await engine.release(lock)
    finally:
        await engine.close()


OPERATIONS: dict[str, Callable[[Case], Awaitable[None]]] = {
    "first-apply": first_apply,
    "update": update,
    "undo": fail_and_undo,
    "restart": restart,
    "scale": scale,
    "delete": delete,
}


def whole(snapshot: Snapshot, desired: int = 1) -> bool:
    """As many replicas as wanted, all of them ready and of the newest template, and none on its way out."""
    web = [one for one in snapshot.workloads if one.name == "web"]
    return len(web) == 1 and web[0].complete and len(web[0].replicas) == desired == web[0].ready


def url(snapshot: Snapshot) -> str:
    return next(one.endpoints[0] for one in snapshot.workloads if one.name == "web")


def uids(snapshot: Snapshot) -> set[str]:
    return {
        r.uid for one in snapshot.workloads for r in one.replicas if r.phase is not ReplicaPhase.TERMINATING
    }


def gone(snapshot: Snapshot, _: tuple[Revision, ...]) -> bool:
    return snapshot.phase is Phase.STOPPED


def answers(snapshot: Snapshot, version: str) -> bool:
    return ask(url(snapshot)) == (200, version)


def main(arguments: list[str]) -> None:
    """The command in a process of its own: PROJECT IMAGE OPERATION ENVIRONMENT ARGUMENT."""
    project, image, operation, environment, argument = arguments
    town = Town(Path(project), image)
    asyncio.run(OPERATIONS[operation](Case(town, environment, argument)))


if __name__ == "__main__":
    main(sys.argv[1:])
