"""What the engine in memory remembers, and the clock that only it moves."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flaskship.model.release import Document, Event, LogLine, Release, Revision


class Clock:
    """Time that passes when somebody waits for it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class FakeReplica:
    name: str
    uid: str
    template: str
    pod: Mapping[str, Any]
    created_at: float
    pid: int

    def failing(self) -> bool:
        return list(self.container.get("command") or ())[:1] == ["/bin/false"]

    def silent(self) -> bool:
        return self.status("readinessProbe") is not None

    def status(self, probe: str) -> int | None:
        """What this probe fails with; None where it does not."""
        get = (self.container.get(probe) or {}).get("httpGet") or {}
        return {"/never": 503, "/nowhere": 404}.get(str(get.get("path")))

    @property
    def container(self) -> Mapping[str, Any]:
        first: Mapping[str, Any] = self.pod["spec"]["containers"][0]
        return first


@dataclass(slots=True)
class FakeWorkload:
    document: Document
    desired: int
    since: float
    generation: int = 0
    paused: bool = False
    replicas: list[FakeReplica] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])

    @property
    def template(self) -> str:
        text = json.dumps([self.document["spec"]["template"], self.generation], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(slots=True)
class FakeEnvironment:
    namespace: str = ""
    revisions: list[Revision] = field(default_factory=list)
    releases: dict[int, Release] = field(default_factory=dict)
    workloads: dict[str, FakeWorkload] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    running: bool = False
    purged: int = 0


class FakeState:
    """What outlives an engine object: two of them on one state are two processes on one machine."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.environments: dict[str, FakeEnvironment] = {}
        self.holders: dict[str, tuple[str, str]] = {}
        self.counter = 0
        self.shut_down = 0
        self.strangers: list[Document] = []
        """Objects of another writer that stand where ours would."""

    def count(self) -> int:
        self.counter += 1
        return self.counter

    def of(self, environment: str) -> FakeEnvironment:
        return self.environments.setdefault(environment, FakeEnvironment())
