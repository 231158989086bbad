"""Starts the router and the spawner; small, so that they begin while the supervisor still loads."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.proc import PROJECT_VARIABLE, UID_VARIABLE
from flaskship.engines.local.steps import ALLOWED, FAULT

NOT_THEIRS = (PROJECT_VARIABLE, UID_VARIABLE, ALLOWED, FAULT)
ANSWER_SECONDS = 1.0


class Aide:
    """One process beside the supervisor, in a session of its own; what it says goes to its log."""

    def __init__(self, role: str, door: Path, log: Path, arguments: list[str]) -> None:
        self._door = door
        self._log = log
        self._command = [sys.executable, "-m", f"flaskship.engines.local.{role}", *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start it where none answers; what is in the way shows at the next start()."""
        if not self._answers():
            with contextlib.suppress(OSError):
                self.start()

    def start(self) -> int:
        """Start it, unless the one started here before still runs; return its pid, OSError as it is."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        log = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name not in NOT_THEIRS},
            )
        finally:
            os.close(log)
        return self._process.pid

    def undo(self) -> None:
        """Let it be as if it had never been started here, which its kind survives by design."""
        if self._process is not None and self._process.poll() is None:
            # Told to stop it would first wait for the replicas that it has found, and refuse new ones.
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(ANSWER_SECONDS)
            try:
                probe.connect(str(self._door))
            except TimeoutError:
                return True
            except OSError:
                return False
        return True


def spawner(project: Path, door: Path, state: Path, log: Path) -> Aide:
    """Return the spawner that listens there and writes exit statuses to the state folder."""
    arguments = ["--project", str(project), "--socket", str(door), "--state", str(state)]
    return Aide("spawner", door, log, arguments)


class Aides:
    """Both of a project."""

    def __init__(self, paths: LocalPaths) -> None:
        door = paths.socket("router")
        arguments = ["--project", str(paths.project), "--socket", str(door), "--state", str(paths.routes)]
        self.router = Aide("router", door, paths.log("router"), arguments)
        self.spawner = spawner(paths.project, paths.socket("spawner"), paths.exits, paths.log("spawner"))

    def begin(self) -> None:
        """Start those that do not answer."""
        self.spawner.begin()
        self.router.begin()

    def undo(self) -> None:
        """End those that were started here: the supervisor cannot begin."""
        self.spawner.undo()
        self.router.undo()
