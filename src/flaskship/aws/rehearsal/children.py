"""The children of a rehearsal: the API server and one terraform at a time; none outlives it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flaskship.aws.rehearsal import guard
from flaskship.model.errors import PreflightError

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a terraform ended: its code and the lines of its output."""

    code: int
    lines: tuple[str, ...]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return the lines that are JSON objects."""
        found = []
        for line in self.lines:
            with contextlib.suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    found.append(message)
        return found

    def errors(self) -> tuple[str, ...]:
        """Return what terraform said went wrong."""
        told = [
            f"{m.get('diagnostic', {}).get('summary', '')}: {m.get('diagnostic', {}).get('detail', '')}"
            for m in self.messages
            if m.get("type") == "diagnostic" and m.get("@level") == "error"
        ]
        return tuple(told or self.lines[-20:])


@contextlib.contextmanager
def api_server(folder: Path) -> Iterator[int]:
    """Serve AWS on a free port of loopback while the block runs; the folder goes with a command that dies."""
    # A profile or an endpoint of the shell's is another AWS: one that is not there would end the server.
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ = own | {
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        "MOTO_ACM_VALIDATION_WAIT": "1",
        "PYTHONUNBUFFERED": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "flaskship.aws.doubles", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        start_new_session=True,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            said = server.stdout.readline().strip()
            if not said.isdigit():
                server.kill()
                why = (server.stderr.read() if server.stderr else "").strip().splitlines()
                raise PreflightError(
                    f"the API server did not start: {why[-1] if why else 'it said nothing'}",
                    hint="install what it needs: pip install 'flaskship[rehearsal]'",
                )
            # Nobody reads what it logs; a full pipe would stop it.
            _drain(server)
            yield int(said)
        finally:
            _end(server)


def run_terraform(
    arguments: list[str],
    folder: Path,
    environ: Mapping[str, str],
    heard: Callable[[str], None] = lambda _: None,
) -> Ended:
    """Run one terraform to its end, each line heard as it comes; it ends with us, however we end."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, environ["HOME"], *arguments],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # An interrupt from the keyboard reaches it through us alone, once.
        start_new_session=True,
        text=True,
    ) as child:
        lines = []
        try:
            assert child.stdout is not None
            for line in child.stdout:
                lines.append(line.rstrip())
                heard(lines[-1])
            return Ended(child.wait(), tuple(lines))
        finally:
            _end(child)


def _drain(server: subprocess.Popen[str]) -> None:
    import threading

    def read() -> None:
        with contextlib.suppress(ValueError, OSError):
            assert server.stderr is not None
            for _ in server.stderr:
                pass

    threading.Thread(target=read, daemon=True).start()


def _end(child: subprocess.Popen[str]) -> None:
    """End a child: asked first, then by the end of its input, which it ends itself at; reaped in any case."""
    if child.poll() is None:
        _signal(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        child.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(PATIENCE)
    _signal(child, signal.SIGKILL)
    child.wait()


def _signal(child: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
