"""A project in a temporary folder with its image built, its supervisor, and nothing left of it at the end."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import free_port
from flaskship.cli.wiring import real_world
from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.processes.proc import all_pids, marked_pids
from flaskship.model.release import LogLine, Release
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome, Verdict
from flaskship.tasks.prepare import Wish, build_all, compose, draft
from flaskship.verification.judge import judge

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT = "bench"
API = "my-tomorrows-api"
APPLICATIONS = (API, "my-tomorrows-worker", "my-tomorrows-admin", "my-tomorrows-monitoring")
PATIENCE = 120.0
LOOK_SECONDS = 0.02
FIRST_PORT = 31200
IGNORED = shutil.ignore_patterns("__pycache__", "tests", ".*_cache", "*.db", ".venv")
PROJECT = """\
apiVersion: flaskship.dev/v1
name: my-app
chart: infra/helmchart
images:
  cloudandparth/my-demo-app: {context: app}
environments:
  bench: {release: bench-apps, namespace: my-app-bench, engine: local}
"""


class Silent:
    """Hears every report of a story and says nothing."""

    def step(self, message: str) -> None: ...

    def warn(self, message: str) -> None: ...

    def saw(self, snapshot: Snapshot) -> None: ...

    def log(self, line: LogLine) -> None: ...


@dataclass
class Stand:
    """The project as a command sees it."""

    root: Path
    port: int
    images: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = real_world()
        self.engine = LocalEngine(self.root)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def build(self) -> None:
        """Make the image that the manifests name."""
        self.images = await build_all(self.world, self._draft(()), Silent())

    def render(self, *sets: str) -> Release:
        """Return the release that the files and these settings make."""
        return compose(self.world, self._draft(sets), self.images, Wish())

    def _draft(self, sets: tuple[str, ...]):  # type: ignore[no-untyped-def]
        project = self.world.load_project(self.root)
        environment = project.environment(ENVIRONMENT)
        return draft(self.world, project, environment, Wish(sets=sets), 1, is_upgrade=False)

    async def move(self, release: Release) -> Snapshot:
        """Apply the release and return the snapshot in which all of it is ready; a failure is an error."""
        lock = await self.engine.acquire(ENVIRONMENT, "benchmark", PATIENCE)
        try:
            revision = await self.engine.apply(release, lock)
            snapshot = await self.ready(revision)
            self.after = time.perf_counter()
            await self.engine.conclude(ENVIRONMENT, revision, Verdict(Outcome.SUCCESSFUL), None, lock)
        finally:
            await self.engine.release(lock)
        return snapshot

    async def ready(self, revision: int = 0) -> Snapshot:
        """Return the first snapshot in which every replica of this or a later revision is ready."""
        async with asyncio.timeout(PATIENCE), contextlib.aclosing(self.engine.follow(ENVIRONMENT)) as seen:  # type: ignore[type-var]
            async for snapshot in seen:
                if snapshot.release is None or snapshot.release.revision < revision:
                    continue
                verdict = judge(snapshot, time.time())
                if verdict is not None and verdict.outcome is Outcome.SUCCESSFUL:
                    return snapshot
                if verdict is not None:
                    raise SystemExit(f"the release failed: {verdict.causes}")
        raise SystemExit("the engine stopped reporting")

    async def stop(self) -> None:
        """End every replica; the data and the supervisor stay."""
        lock = await self.engine.acquire(ENVIRONMENT, "benchmark", PATIENCE)
        try:
            await self.engine.delete(ENVIRONMENT, lock)
        finally:
            await self.engine.release(lock)

    async def rest(self) -> None:
        """End the supervisor, the router and the spawner too; the next apply starts them again."""
        await self.stop()
        await self.engine.shutdown()
        for _ in range(int(PATIENCE / LOOK_SECONDS)):
            if not self.daemons():
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise SystemExit(f"the engine did not end: {self.daemons()}")

    def daemons(self) -> dict[str, int]:
        """Return the processes of the engine by role."""
        found = {}
        for pid in all_pids():
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                role = next(
                    (w.rpartition(".")[2] for w in line if w.startswith("flaskship.engines.local.")), ""
                )
                if role and str(self.root) in line:
                    found[role] = pid
        return found

    def replicas(self) -> set[int]:
        """Return the processes of the replicas."""
        return {pid for pids in marked_pids(str(self.root)).values() for pid in pids}


@contextlib.asynccontextmanager
async def stand() -> AsyncIterator[Stand]:
    """Lay the project out, build its image, and stop everything at the end."""
    port = free_port(FIRST_PORT + os.getpid() % 1000)
    folder = tempfile.mkdtemp(prefix="flaskship-bench-")
    try:
        here = Stand(lay_out(folder, port), port)
        try:
            await here.build()
            yield here
        finally:
            await _end(here)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lay_out(folder: str, port: int) -> Path:
    """Copy the applications and the chart into a project of their own."""
    root = Path(folder).resolve() / "project"
    shutil.copytree(REPOSITORY / "app", root / "app", ignore=IGNORED)
    shutil.copytree(REPOSITORY / "infra/helmchart", root / "infra/helmchart")
    values = (REPOSITORY / "benchmarks/values-bench.yaml").read_text().replace("30080", str(port))
    (root / "infra/helmchart/values-bench.yaml").write_text(values)
    (root / "flaskship.yaml").write_text(PROJECT)
    return root


async def _end(here: Stand) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(PATIENCE):
            if here.daemons():
                await here.rest()
    await here.engine.close()
    for pid in (*here.daemons().values(), *here.replicas()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
