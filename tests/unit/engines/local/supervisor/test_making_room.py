"""What has to come before the first step of an environment is tried until it is done."""

import asyncio
from types import SimpleNamespace

from flaskship.engines.local.state import Intent
from flaskship.engines.local.supervisor import environment
from flaskship.engines.local.supervisor.environment import EnvironmentRuntime


class Link:
    def served(self, _):
        return frozenset()

    async def update(self, *_):
        pass


class Stepping(EnvironmentRuntime):
    """Tells its steps, and looks after nothing."""

    def __init__(self, done):
        state = SimpleNamespace(autoscaled=lambda _: {})
        intent = Intent("dev", "dev-apps", "my-app-dev", 1, True, {}, {})
        super().__init__(SimpleNamespace(state=state), Link(), None, intent)
        self.done = done
        self.stepped = asyncio.Event()

    def _step(self):
        self.done.append("step")
        self.stepped.set()


async def test_no_step_is_taken_before_room_is_made_and_a_failure_is_tried_again(monkeypatch, capsys):
    monkeypatch.setattr(environment, "RETRY_SECONDS", 0.0)
    done, tries = [], iter([RuntimeError("the router is being started again"), None])
    runtime = Stepping(done)

    async def make_room():
        done.append("room")
        if (error := next(tries)) is not None:
            raise error

    task = asyncio.create_task(runtime._reconcile(make_room))
    async with asyncio.timeout(10):
        await runtime.stepped.wait()
    assert done == ["room", "room", "step"]
    runtime.stepped.clear()
    runtime.changed()
    async with asyncio.timeout(10):
        await runtime.stepped.wait()
    assert done == ["room", "room", "step", "step"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "the router is being started again" in capsys.readouterr().err
