"""Real processes from one image in one project: each test has an environment of its own in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.contract.documents import deployment
from tests.contract.harness import complete, locked
from tests.contract.local import DOCKERFILE, IMAGE, _nothing_left, _stop

from flaskship.engines.base import Action
from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.images import build_image
from flaskship.model.release import Document, Provenance, Release
from flaskship.model.snapshot import Snapshot

PATIENCE = 90.0
_numbers = count(1)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    root = tmp_path_factory.mktemp("meaning") / "project"
    context = root / "app"
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text(DOCKERFILE)
    image = asyncio.run(build_image(root, "demo", context, report=lambda _: None))
    yield root, image.id
    asyncio.run(_stop(LocalEngine(root)))
    asyncio.run(_nothing_left(root))


@dataclass
class Stage:
    """One environment, and a file in which its containers write down what they do."""

    engine: LocalEngine
    name: str
    image_id: str
    journal: Path

    def lines(self) -> list[str]:
        return self.journal.read_text().split() if self.journal.exists() else []

    async def apply(self, *documents: Document) -> None:
        release = Release(
            environment=self.name,
            name=f"{self.name}-apps",
            namespace=f"my-app-{self.name}",
            documents=documents,
            provenance=Provenance("meaning", "", undo=False),
            images={IMAGE: self.image_id},
        )
        async with locked(self.engine, self.name) as lock:
            await self.engine.apply(release, lock)

    async def succeed(self, *documents: Document) -> Snapshot:
        await self.apply(*documents)
        return await self.until(complete)

    async def steer(self, workload: str, action: Action) -> None:
        async with locked(self.engine, self.name) as lock:
            await self.engine.steer(self.name, workload, action, lock)

    async def delete(self) -> None:
        async with locked(self.engine, self.name) as lock:
            await self.engine.delete(self.name, lock)

    async def until(self, done: Callable[[Snapshot], bool]) -> Snapshot:
        begun = None
        snapshots = self.engine.follow(self.name)
        try:
            async for snapshot in snapshots:
                begun = begun if begun is not None else snapshot.at
                if done(snapshot):
                    return snapshot
                assert snapshot.at - begun < PATIENCE, f"never came: {snapshot}; {self.lines()}"
        finally:
            await snapshots.aclose()  # type: ignore[attr-defined]
        raise AssertionError("the engine stopped reporting")

    async def reasons(self) -> list[str]:
        return [event.reason for event in await self.engine.events(self.name)]

    def shell(self, script: str) -> list[str]:
        return ["/bin/sh", "-c", f"J={self.journal}; {script}"]

    def says(self, word: str) -> list[str]:
        """A command that writes one word down."""
        return self.shell(f"echo {word} >> $J")

    def serves(self, word: str, *, first: str = "") -> list[str]:
        """A command that writes its beginning and its end down, and runs until it is told to end."""
        script = f"trap 'echo {word}-end >> $J; exit 0' TERM; {first} echo {word} >> $J;"
        return self.shell(f"{script} while :; do sleep 0.05; done")

    def workload(self, *, name: str = "web", pod: dict[str, Any] | None = None, **options: Any) -> Document:
        """A Deployment of one plain process, with more fields of its pod and of its container."""
        spec, container = options.pop("spec", {}), options.pop("container", {})
        made = deployment(name, IMAGE, command=options.pop("command", None) or self.serves("main"), **options)
        [only] = made["spec"]["template"]["spec"]["containers"]
        del only["readinessProbe"], only["ports"]
        only.update(container)
        made["spec"].update(spec)
        made["spec"]["template"]["spec"].update(pod or {})
        return made


@pytest_asyncio.fixture
async def stage(project: tuple[Path, str], tmp_path: Path) -> AsyncIterator[Stage]:
    root, image_id = project
    one = Stage(LocalEngine(root), f"e{next(_numbers)}", image_id, tmp_path / "journal")
    try:
        yield one
    finally:
        if one.name in await one.engine.environments():
            await one.delete()
        await one.engine.close()
