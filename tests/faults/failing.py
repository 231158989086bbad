"""Faults of what is deployed: each is judged from the engine's own snapshot, and contained."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults import operations
from tests.faults.results import Seen
from tests.faults.town import PATIENCE, Town

from flaskship.engines.base import Lock
from flaskship.engines.local.processes import proc
from flaskship.model.release import Release
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome, Verdict
from flaskship.verification.judge import causes, judge

SERVE = (
    "import os, socket\n"
    "def serve():\n"
    " door = socket.create_server((os.environ['POD_IP'], int(os.environ['PORT'])), backlog=64)\n"
    " while True:\n"
    "  one, _ = door.accept()\n"
    "  try:\n"
    "   one.settimeout(1)\n"
    "   if one.recv(65536): one.sendall(b'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nok')\n"
    "  except OSError: pass\n"
    "  one.close()\n"
)
Fault = Callable[[Town], Awaitable[Seen]]


def program(text: str) -> list[str]:
    """A command that runs this Python; it may call serve()."""
    return ["python", "-I", "-S", "-u", "-c", SERVE + text]


def limited(release: Release, **limits: str) -> Release:
    template: dict[str, Any] = release.documents[0]["spec"]["template"]
    template["spec"]["containers"][0]["resources"] = {"limits": limits}
    return release


class Deployed:
    """A context: a release in an environment of its own, left as it is, followed to its verdict."""

    def __init__(self, town: Town, release: Callable[[str], Release]) -> None:
        self.town = town
        self.environment = f"bad{town.number()}"
        self._release = release(self.environment)
        self.engine = town.engine()
        self._lock: Lock | None = None

    async def __aenter__(self) -> "Deployed":
        self._lock = await self.engine.acquire(self.environment, "faults", 30.0)
        await self.engine.apply(self._release, self._lock)
        return self

    async def move(self, release: Release) -> None:
        """Apply another release to the same environment."""
        assert self._lock is not None
        await self.engine.apply(release, self._lock)

    async def __aexit__(self, *_: object) -> None:
        assert self._lock is not None
        await self.engine.delete(self.environment, self._lock, purge=True)
        await self.engine.release(self._lock)
        await self.engine.close()
        await self.town.clean()

    async def look(self, done: Callable[[Snapshot], bool], seconds: float = PATIENCE) -> Snapshot:
        limit = time.monotonic() + seconds
        while not done(snapshot := await self.engine.observe(self.environment)):
            assert time.monotonic() < limit, snapshot
            await asyncio.sleep(0.03)
        return snapshot

    async def verdict(self) -> tuple[Verdict, Snapshot]:
        limit = time.monotonic() + PATIENCE
        while True:
            snapshot = await self.engine.observe(self.environment)
            if (verdict := judge(snapshot, snapshot.at)) is not None:
                return verdict, snapshot
            assert time.monotonic() < limit, snapshot
            await asyncio.sleep(0.03)


def first_signal(snapshot: Snapshot) -> float:
    """When the oldest end or failure that the snapshot tells of happened."""
    replicas = [r for one in snapshot.workloads for r in one.replicas]
    return min([e.at for r in replicas for e in r.exits] + [snapshot.at])


def failing(command: list[str], code: str, **options: Any) -> Fault:
    """A deploy of this command fails with this cause."""

    async def run(town: Town) -> Seen:
        limits = options.pop("limits", {})
        async with Deployed(
            town, lambda e: limited(town.web(e, "1", command=command, **options), **limits)
        ) as one:
            begun = time.time()
            verdict, snapshot = await one.verdict()
            assert verdict.outcome is Outcome.FAILED, verdict
            found = verdict.causes[0]
            assert found.code == code, found
            ends = [e for w in snapshot.workloads for r in w.replicas for e in r.exits]
            since = max(e.at for e in ends) if ends else begun
            return Seen(found.code, found.message, time.time() - since)

    return run


def contained(text: str, harm: Callable[[Deployed], Awaitable[tuple[str, str]]]) -> Fault:
    """The release becomes ready; then harm() tells what is seen of what it does."""

    async def run(town: Town) -> Seen:
        async with Deployed(town, lambda e: town.web(e, "1", command=program(text))) as one:
            await one.look(operations.whole)
            begun = time.monotonic()
            code, sentence = await harm(one)
        return Seen(code, sentence, time.monotonic() - begun)

    return run


def undone(text: str, code: str) -> Fault:
    """A deploy that fails with this cause is undone; once its grace is over nothing of it is left."""

    async def run(town: Town) -> Seen:
        async with Deployed(town, lambda e: town.web(e, "1")) as one:
            await one.look(operations.whole)
            before = proc.marked_pids(str(town.project))
            await one.move(town.web(one.environment, "2", command=program(text), deadline=3))
            verdict, _ = await one.verdict()
            assert [cause.code for cause in verdict.causes] == [code], verdict
            most = sum(map(len, proc.marked_pids(str(town.project)).values()))
            await one.move(town.web(one.environment, "1"))
            begun = time.monotonic()
            await one.look(
                lambda now: now.release is not None and now.release.revision == 3 and operations.whole(now)
            )
            await town.until(
                lambda: proc.marked_pids(str(town.project)) == before, what="nothing of it is left"
            )
            return Seen(code, f"{most} processes at most, none of them left", time.monotonic() - begun)

    return run


async def causes_of(one: Deployed, code: str) -> tuple[str, str]:
    """Wait until the snapshot's causes name this code."""
    snapshot = await one.look(lambda s: any(c.code == code for c in causes(s, s.at)))
    found = next(c for c in causes(snapshot, snapshot.at) if c.code == code)
    return found.code, found.message
