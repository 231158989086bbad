"""When a router that nobody can reach any more ends by itself."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from flaskship.engines.local.router import __main__ as router


@dataclass
class Swept:
    connections: list[object] = field(default_factory=list)
    sweeps: int = 0
    then: Any = None

    def sweep(self, now: float = 0.0) -> None:
        self.sweeps += 1
        if self.then:
            self.then(self.sweeps)


@pytest.fixture(autouse=True)
def swift(monkeypatch):
    monkeypatch.setattr(router, "SWEEP", 0.001)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "router.sock").touch()
    return tmp_path / "project"


async def watched(project, *, control=None, then=None):
    async with asyncio.timeout(20):
        swept = Swept(then=then)
        door = project.parent / "router.sock"
        return await router.watch(swept, control or Swept(), Swept(), project, door, asyncio.Event())


async def test_a_door_that_had_gone_before_the_first_look_is_gone(project):
    (project.parent / "router.sock").unlink()
    assert await watched(project) == "the control socket is gone"


async def test_another_door_in_its_place_is_not_the_own_one(project):
    def replace(sweeps):
        if sweeps == 2:
            (project.parent / "new").touch()
            (project.parent / "new").rename(project.parent / "router.sock")

    assert await watched(project, then=replace) == "the control socket is gone"


async def test_who_is_connected_still_reaches_it_without_a_door(project):
    (project.parent / "router.sock").unlink()
    control = Swept(connections=[object()])

    def leave(sweeps):
        if sweeps == 3:
            control.connections.clear()

    swept = Swept(then=leave)
    reason = await router.watch(
        swept, control, Swept(), project, project.parent / "router.sock", asyncio.Event()
    )
    assert (reason, swept.sweeps) == ("the control socket is gone", 3)


async def test_a_project_that_had_gone_before_the_first_look_is_gone(project):
    project.rmdir()
    assert await watched(project) == "the project's folder is gone"
