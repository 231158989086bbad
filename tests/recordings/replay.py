"""Plays a recorded watch history again: the same words at the same times, on a clock that waiting moves."""

import asyncio
import gzip
import json
import selectors
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from flaskship.engines.kubernetes.client import Change, Listed
from flaskship.engines.kubernetes.observing.observed import Target
from flaskship.engines.kubernetes.observing.wanted import WantedAnswer, WantedLog
from flaskship.engines.kubernetes.resources import SECRETS, Resource
from flaskship.engines.kubernetes.watching import Watcher
from flaskship.model.snapshot import ReleaseState, Snapshot
from flaskship.model.verdict import Verdict
from flaskship.verification.judge import judge

HERE = Path(__file__).parent
T = TypeVar("T")


@dataclass(frozen=True)
class Recording:
    """What a cluster said while a scenario was carried out."""

    head: dict[str, Any]
    rows: tuple[dict[str, Any], ...]

    @property
    def began(self) -> float:
        return float(self.rows[0]["at"])

    @property
    def ended(self) -> float:
        return float(self.head["until"])

    @property
    def target(self) -> Target:
        release = ReleaseState("dev-apps", 2, 1, None, float(self.head["applied_at"]))
        expected = tuple((kind, name) for kind, name in self.head["expected"])
        return Target("dev", self.head["namespace"], "dev-apps", release, expected)


def recording(name: str) -> Recording:
    text = gzip.decompress((HERE / f"{name}.jsonl.gz").read_bytes()).decode()
    head, *rows = (json.loads(line) for line in text.splitlines())
    return Recording(head, tuple(rows))


def names() -> list[str]:
    return sorted(path.name.removesuffix(".jsonl.gz") for path in HERE.glob("*.jsonl.gz"))


class Player:
    """A source and a witness that say what was recorded: the test double at the API server's border."""

    def __init__(self, recorded: Recording, clock: Callable[[], float]) -> None:
        self._recorded = recorded
        self._clock = clock

    async def list(
        self, resource: Resource, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> Listed:
        for row in self._recorded.rows:
            if row.get("list") == resource.kind:
                return Listed(tuple(row["items"]), "1")
        return Listed((), "1")

    async def watch(
        self,
        resource: Resource,
        namespace: str | None,
        resource_version: str,
        *,
        labels: str = "",
        fields: str = "",
        seconds: float = 300,
    ) -> AsyncGenerator[Change, None]:
        listed = resource == SECRETS
        for row in self._recorded.rows:
            listed = listed or row.get("list") == resource.kind
            if listed and row.get("watch") == resource.kind:
                await asyncio.sleep(max(0.0, row["at"] - self._clock()))
                yield Change(row["type"], row["object"])
        await asyncio.sleep(3600)

    async def lines(self, want: WantedLog, count: int) -> tuple[str, ...]:
        key = [want.key.pod, want.key.container, want.key.run]
        return tuple(self._last("lines", key) or ())

    async def answer(self, want: WantedAnswer) -> str | None:
        return self._last("answer", [want.key.pod, want.key.probe])

    def _last(self, kind: str, key: Sequence[object]) -> Any:
        """Return what was answered last at this time; what came a moment later was on its way."""
        said = None
        for row in self._recorded.rows:
            if row.get(kind) == key and (row["at"] <= self._clock() + 3 or said is None):
                said = row["text"]
        return said


@dataclass
class Played:
    """What a replay came to."""

    verdict: Verdict | None = None
    verdict_at: float = 0.0
    snapshots: list[Snapshot] = field(default_factory=list)


def play(recorded: Recording) -> Played:
    """Follow the recording as a deploy would, to its verdict or its end."""

    async def follow() -> Played:
        loop, played = asyncio.get_running_loop(), Played()

        def clock() -> float:
            return recorded.began + loop.time()

        async def find() -> Target:
            return recorded.target

        player = Player(recorded, clock)
        watcher = Watcher(player, player, recorded.head["namespace"], clock=clock, jitter=lambda: 0.5)
        async with aclosing(watcher.follow(find)) as snapshots:
            async for snapshot in snapshots:
                played.snapshots.append(snapshot)
                played.verdict = judge(snapshot, clock())
                played.verdict_at = clock()
                if played.verdict is not None or clock() > recorded.ended:
                    break
        return played

    return run(follow())


def run(story: Coroutine[Any, Any, T]) -> T:
    """Run a story on a clock of its own, which jumps to the next thing that is due."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(story)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while nothing is to be done."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not ready and timeout:
            self._loop.jump(timeout)
        return ready


def documents(recorded: Recording) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (kind, change, object) of everything that was told, in its order."""
    for row in recorded.rows:
        if "list" in row:
            for one in row["items"]:
                yield row["list"], "ADDED", one
        elif "watch" in row:
            yield row["watch"], row["type"], row["object"]
