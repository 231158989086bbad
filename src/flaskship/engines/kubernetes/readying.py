"""Tests that are started while a rollout goes on, and wait: their start is over when they may begin."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import PODS
from flaskship.engines.kubernetes.testing import Tests, tests_of
from flaskship.engines.kubernetes.transport import Object
from flaskship.engines.kubernetes.trying import Hook, prepare_hook
from flaskship.model.errors import FlaskshipError

GRACE_SECONDS = 1


class _ForgoneError(Exception):
    """Nobody will let these tests begin."""


@dataclass
class _Readied:
    place: Place
    made: dict[str, Object] = field(default_factory=dict)
    revision: int = 0
    tests: Tests | None = None
    forgone: bool = False
    waits: list[str] = field(default_factory=list)
    """Those that somebody else is running, and that are made once that has ended."""


class Readying:
    """The tests of each environment that wait. One that could not be made is made when it is to begin."""

    def __init__(self, cluster: Cluster, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._cluster = cluster
        self._sleep = sleep
        self._known: dict[str, tuple[_Readied, asyncio.Task[None]]] = {}

    def prepare(self, place: Place) -> None:
        """Start those tests of the newest revision that can wait; twice is harmless."""
        if place.environment not in self._known:
            readied = _Readied(place)
            self._known[place.environment] = readied, asyncio.ensure_future(self._prepare(readied))

    async def of(
        self, environment: str, revision: int, waits: Callable[[str], None] = lambda _: None
    ) -> dict[str, Object]:
        """Return the tests of a revision that were made, by name; whoever takes one out has to end it.

        waits hears of those that somebody else is running still.
        """
        if environment not in self._known:
            return {}
        readied, task = self._known[environment]
        for name in readied.waits if not task.done() else ():
            waits(name)
        await asyncio.shield(task)
        return readied.made if readied.revision == revision else {}

    def knows(self, environment: str) -> bool:
        """Tell whether the environment's tests are or were being made ready."""
        return environment in self._known

    def newest(self, environment: str) -> Tests | None:
        """Return the tests of what was the newest revision when they were read, if they were."""
        readied, _ = self._known.get(environment, (None, None))
        return readied.tests if readied is not None else None

    def tests(self, environment: str, revision: int) -> Tests | None:
        """Return all tests of a revision, where they were read."""
        readied, _ = self._known.get(environment, (None, None))
        return readied.tests if readied is not None and readied.revision == revision else None

    async def forgo(self, environment: str) -> None:
        """Remove those that nobody let begin."""
        known = self._known.pop(environment, None)
        if known is None:
            return
        readied, task = known
        readied.forgone = True
        await task
        await asyncio.gather(*(self._remove(readied.place, one) for one in readied.made.values()))

    async def close(self) -> None:
        """Remove those of every environment."""
        await asyncio.gather(*(self.forgo(one) for one in tuple(self._known)))

    async def _prepare(self, readied: _Readied) -> None:
        place = readied.place

        async def sleep(seconds: float) -> None:
            if readied.forgone:
                raise _ForgoneError
            await self._sleep(seconds)

        async def one(hook: Hook) -> None:
            # A quota, a permission: whoever runs the test is told the same, and tells it.
            with suppress(FlaskshipError, _ForgoneError):
                readied.made[hook.name] = await prepare_hook(
                    self._cluster, place, hook, sleep, readied.waits.append
                )

        with suppress(FlaskshipError):
            known = await storage.revisions(self._cluster, place)
            readied.revision = known[-1].number if known else 0
            readied.tests = await tests_of(self._cluster, place, readied.revision)
            await asyncio.gather(*(one(hook) for hook in readied.tests.hooks if hook.waits))

    async def _remove(self, place: Place, made: Object) -> None:
        name, uid = str(made["metadata"]["name"]), made["metadata"].get("uid")
        # One that has begun nothing has nothing to end, and an undo wants its name.
        with suppress(FlaskshipError):
            await self._cluster.delete(PODS, name, place.namespace, uid=uid, grace_seconds=GRACE_SECONDS)
