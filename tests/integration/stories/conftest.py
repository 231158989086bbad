"""One project per worker: the repository's own files, built once, stopped at the end with nothing left."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.stories.project import REPOSITORY, Project, free_node_port

IGNORED = shutil.ignore_patterns("__pycache__", "tests", ".*_cache", "*.db", ".venv")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("shop") / "project"
    root.mkdir()
    shutil.copy(REPOSITORY / "flaskship.yaml", root)
    shutil.copytree(REPOSITORY / "app", root / "app", ignore=IGNORED)
    shutil.copytree(REPOSITORY / "infra/helmchart", root / "infra/helmchart")
    project = Project(root, free_node_port())
    values = root / "infra/helmchart/values-dev.yaml"
    values.write_text(values.read_text().replace("nodePort: 30080", f"nodePort: {project.port}"))
    assert f"nodePort: {project.port}" in values.read_text()
    try:
        yield project
    finally:
        told = project.run("down", "--all")
        left = project.processes()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert not left, f"{left} outlived down --all:\n{told.err}"


@pytest.fixture
def dev(project: Project) -> Project:
    """The project with dev healthy, as its files say."""
    project.run("up", "dev", "--detach", "--quiet").ok()
    return project


@pytest.fixture(scope="module")
def dev_once(project: Project) -> Project:
    """The project with dev healthy, brought up once for tests that only look."""
    project.run("up", "dev", "--detach", "--quiet").ok()
    return project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A story starts many processes: on a crowded machine it may take long without being stuck."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))
