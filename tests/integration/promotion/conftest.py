"""A project with the real chart in a real Git repository; engines and Argo CD are doubles, named so."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contract.fake import Clock, FakeCluster, FakeEngine, FakeState
from tests.contract.world import DIGEST, Told, judge

from flaskship.chart.project import load_project
from flaskship.cli.wiring import real_world
from flaskship.containers.shipment import Pushed
from flaskship.engines.base import Engine
from flaskship.model.errors import PreflightError
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document, Provenance
from flaskship.model.verdict import Receipt
from flaskship.tasks.deploy import deploy
from flaskship.tasks.gitops import Pushing
from flaskship.tasks.prepare import Wish
from flaskship.tasks.promotion.promote import Promoted, Trip, promote
from flaskship.tasks.result import Moved
from flaskship.tasks.world import BuiltImage, HealthAnswer, World

ROOT = Path(__file__).parents[3]
LOCAL_IMAGE, SOURCE = "local-image", "5" * 64


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True
    ).stdout.strip()


class Town:
    """Three environments: dev on this machine, staging and prod on clusters."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock()
        self.machine, self.clusters = FakeState(self.clock), dict[str, FakeState]()
        self.pushed: list[Pushed] = [Pushed("r.example.com/app", "1.0-555555", DIGEST, SOURCE, 1.0)]
        self.sources: dict[str, str] = {LOCAL_IMAGE: SOURCE}
        self.argo: Callable[[], Sequence[Document]] | None = None
        self.told = Told()
        self.breaks = False

    @property
    def project(self) -> Project:
        return load_project(self.root)

    def values(self, environment: str) -> Path:
        return self.root / f"infra/helmchart/values-{environment}.yaml"

    def write(self, writer: str, **environments: str) -> None:
        """Let every environment have this writer."""
        file = self.root / "flaskship.yaml"
        file.write_text(file.read_text().replace("writer: argocd", f"writer: {writer}"))
        assert not environments
        self.commit("Change the writer")

    def commit(self, message: str) -> None:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", message)

    def cluster(self, environment: str) -> FakeState:
        return self.clusters.setdefault(environment, FakeState(self.clock))

    def world(self) -> World:
        return replace(
            real_world(),
            now=self.clock,
            sleep=self.clock.sleep,
            build_image=self._build,
            pushed=lambda _: self.pushed,
            local_source=lambda _, image: self.sources.get(image),
            argo=self._applications,
            open_engine=self._open,
            judge=judge,
            causes=lambda snapshot, now: (),
            drive=self._drive,
            check_health=self._check,
            provenance=lambda _, reason: Provenance("ada", reason, "c0ffee"),
        )

    def deploy(self, environment: str, *sets: str, **wish: Any) -> Moved:
        one = self.project.environment(environment)
        engine = self._open(self.project, one, one.engine)
        story = deploy(self.world(), self.project, one, engine, Wish(sets=sets, **wish), self.told)
        return asyncio.run(story)

    def promote(self, source: str, target: str, **asked: Any) -> Promoted:
        wish = Wish(rollback=asked.pop("rollback", True), reason=asked.pop("reason", ""))
        pushing = Pushing(asked.pop("push", False), 60.0)
        project = self.project
        ends = project.environment(source), project.environment(target)
        return asyncio.run(
            promote(Trip(self.world(), project, *ends, self.told, wish, pushing=pushing, **asked))
        )

    async def _build(self, *_: object) -> BuiltImage:
        return BuiltImage("cloudandparth/my-demo-app", LOCAL_IMAGE, SOURCE)

    def _open(self, _: Project, environment: Environment, name: str) -> Engine:
        return FakeEngine(self.machine) if name == "local" else FakeCluster(self.cluster(environment.name))

    async def _applications(self, _: Environment) -> Sequence[Document]:
        if self.argo is None:
            raise PreflightError("no cluster answers")
        return self.argo()

    async def _drive(self, _: str, until: asyncio.Event) -> Receipt:
        await until.wait()
        return Receipt(120, 0, 1.5, 4.25, 2.0)

    async def _check(self, url: str, _: float) -> HealthAnswer:
        return HealthAnswer(url, not self.breaks, "503" if self.breaks else "200")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    root = tmp_path / "project"
    root.mkdir()
    shutil.copytree(ROOT / "infra/helmchart", root / "infra/helmchart")
    shutil.copy(ROOT / "flaskship.yaml", root)
    (root / "app").mkdir()
    (root / "app/Dockerfile").write_text("FROM scratch\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.com")
    town = Town(root)
    town.commit("Begin")
    return town
