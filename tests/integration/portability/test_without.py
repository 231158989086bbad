"""The engine without what only Linux has: pidfd, /proc, loopback addresses, cgroups, inotify, subreaper."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.local import DOCKERFILE, _nothing_left

from flaskship.engines.local.images import build_image
from flaskship.engines.local.processes.capabilities import VARIABLE

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 240.0


@pytest.mark.timeout(300)
def test_a_release_lives_and_moves_without_anything_that_only_linux_has(tmp_path: Path) -> None:
    project = tmp_path / "project"
    context = project / "app"
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text(DOCKERFILE)
    image = asyncio.run(build_image(project, "demo", context, report=lambda _: None))
    told = subprocess.run(
        [sys.executable, "-m", "tests.integration.portability.story", str(project), image.id],
        env={**os.environ, VARIABLE: "all"},
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    log = project / ".flaskship/supervisor.log"
    assert told.returncode == 0, told.stderr.decode() + (log.read_text() if log.exists() else "")
    asyncio.run(_nothing_left(project))
