"""What the suite needs to know of an engine; a new engine is one more entry of HARNESSES."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.contract.documents import deployment, service
from tests.contract.fake import Clock, FakeEngine, FakeState

from flaskship.engines.base import Engine, Lock
from flaskship.model.release import Document, Provenance, Release
from flaskship.model.snapshot import ReplicaPhase, Snapshot
from flaskship.model.verdict import Outcome, Verdict

SUCCESS = Verdict(Outcome.SUCCESSFUL)


@dataclass
class Harness:
    """One engine under test, with an image that it can run and what it can do."""

    name: str
    open: Callable[[], Engine]
    """Returns a new engine object on the same state, as another process would have."""
    image: str
    images: Mapping[str, str]
    capabilities: frozenset[str]
    patience: float = 30.0
    """Seconds of the engine's own clock."""
    environment: str = "dev"
    prefix: str = "my-app"
    """What the namespaces of its environments begin with."""
    charted: Callable[[Release], Release] = lambda release: release
    """Adds the chart to a release, for an engine that installs one."""
    folder: Path = Path()
    """Where the engine keeps its own things, if it does."""
    opened: list[Engine] = field(default_factory=list)

    def engine(self) -> Engine:
        self.opened.append(self.open())
        return self.opened[-1]

    def web(self, name: str = "web", **options: object) -> tuple[Document, Document]:
        return deployment(name, self.image, **options), service(name)  # type: ignore[arg-type]

    def release(self, *documents: Document, reason: str = "", environment: str | None = None) -> Release:
        name = environment or self.environment
        release = Release(
            environment=name,
            name=f"{name}-apps",
            namespace=f"{self.prefix}-{name}",
            documents=documents,
            # Whatever fails stays as it is: the test looks at it.
            provenance=Provenance("contract", reason, undo=False),
            images=dict(self.images),
        )
        return self.charted(release)

    async def apply(self, engine: Engine, release: Release) -> int:
        async with locked(engine, release.environment) as lock:
            return await engine.apply(release, lock)

    async def succeed(self, engine: Engine, release: Release) -> Snapshot:
        """Apply, follow to completion, conclude as successful."""
        async with locked(engine, release.environment) as lock:
            revision = await engine.apply(release, lock)
            snapshot = await self.until(engine, complete, release.environment)
            await engine.conclude(release.environment, revision, SUCCESS, None, lock)
        return snapshot

    async def until(
        self, engine: Engine, done: Callable[[Snapshot], bool], environment: str | None = None
    ) -> Snapshot:
        """Follow until the predicate holds; the patience is in the engine's time."""
        begun = None
        snapshots = engine.follow(environment or self.environment)
        try:
            async for snapshot in snapshots:
                begun = begun if begun is not None else snapshot.at
                if done(snapshot):
                    return snapshot
                assert snapshot.at - begun < self.patience, f"never came: {snapshot}"
        finally:
            await snapshots.aclose()  # type: ignore[attr-defined]
        raise AssertionError("the engine stopped reporting")


@asynccontextmanager
async def locked(engine: Engine, environment: str, owner: str = "contract") -> AsyncIterator[Lock]:
    lock = await engine.acquire(environment, owner, 5.0)
    try:
        yield lock
    finally:
        await engine.release(lock)


def complete(snapshot: Snapshot) -> bool:
    return bool(snapshot.workloads) and all(one.complete for one in snapshot.workloads)


def uids(snapshot: Snapshot, workload: str = "web") -> set[str]:
    """The replicas that stand: one that is ending does not count, as on a cluster."""
    return {
        replica.uid
        for one in snapshot.workloads
        if one.name == workload
        for replica in one.replicas
        if replica.phase is not ReplicaPhase.TERMINATING
    }


def annotated(document: Document, **metadata: str) -> Document:
    """The same object with other annotations outside its template."""
    return {**document, "metadata": {**document["metadata"], "annotations": metadata}}


def with_actor(release: Release, actor: str) -> Release:
    return replace(release, provenance=replace(release.provenance, actor=actor))


@asynccontextmanager
async def fake(_: Path) -> AsyncIterator[Harness]:
    state = FakeState(Clock())
    yield Harness(
        "fake",
        lambda: FakeEngine(state),
        "demo:1.0",
        {"demo:1.0": "sha256:demo"},
        frozenset({"restart", "scale", "logs", "pause"}),
    )


@asynccontextmanager
async def on_this_machine(folder: Path) -> AsyncIterator[Harness]:
    from tests.contract.local import local

    async with local(folder) as harness:
        yield harness


@asynccontextmanager
async def on_a_cluster(folder: Path) -> AsyncIterator[Harness]:
    from tests.contract.cluster import cluster

    async with cluster(folder) as harness:
        yield harness


HARNESSES: dict[str, Callable[[Path], AbstractAsyncContextManager[Harness]]] = {
    "fake": fake,
    "local": on_this_machine,
    "kubernetes": on_a_cluster,
}
