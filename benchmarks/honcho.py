"""The other side of the start: honcho, installed for the run, starting the same processes."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.recipe import Recipe, all_answering, end

VERSION = "honcho==2.0.0"
PATIENCE = 10


class Unavailable(Exception):
    """honcho cannot be had here; says why."""


def install(folder: Path) -> Path:
    """Return a Python that has honcho, in an environment of its own."""
    uv = Path(sys.executable).with_name("uv")
    venv = folder / "honcho"
    for command in (
        [str(uv), "venv", "--quiet", "--python", sys.executable, str(venv)],
        [str(uv), "pip", "install", "--quiet", "--python", str(venv / "bin/python"), VERSION],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{VERSION} could not be installed: {error}") from error
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"{VERSION} could not be installed: {said}")
    return venv / "bin/python"


class Honcho:
    """A Procfile with one line for each application."""

    def __init__(
        self, python: Path, folder: Path, recipes: Sequence[Recipe], before: dict[str, tuple[str, ...]]
    ):
        self._python = python
        self._folder = folder
        self.recipes = [recipe.homed(folder) for recipe in recipes]
        lines = []
        for recipe in self.recipes:
            script = folder / f"{recipe.application}.sh"
            script.write_text(recipe.script(*before.get(recipe.application, ())))
            lines.append(f"{recipe.application}: exec /bin/sh {script}\n")
        (folder / "Procfile").write_text("".join(lines))

    async def measure(self) -> float:
        """Return the seconds from the start of honcho until every application answers /ready."""
        began = time.perf_counter()
        process = self._start()
        try:
            return await all_answering(self.recipes) - began
        finally:
            await end(process)
            await self._silent()

    def _start(self) -> "subprocess.Popen[bytes]":
        with (self._folder / "honcho.log").open("ab") as log:
            return subprocess.Popen(
                [self._python, "-m", "honcho", "-f", "Procfile", "start"],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _silent(self) -> None:
        # gunicorn's workers may outlive honcho by a moment; the next round wants their addresses.
        deadline = time.monotonic() + PATIENCE
        for recipe in self.recipes:
            while time.monotonic() < deadline:
                try:
                    _, writer = await asyncio.open_connection(recipe.address, recipe.port)
                except OSError:
                    break
                writer.close()
                await asyncio.sleep(0.05)
