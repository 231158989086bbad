"""A project in a folder of its own, driven by the real command as a user would drive it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from flaskship.engines.local.processes.proc import all_pids, marked_pids, read_stat

REPOSITORY = Path(__file__).resolve().parents[3]
COMMAND = Path(sys.executable).with_name("flaskship")
SCHEMA = json.loads((REPOSITORY / "docs/reference/output.schema.json").read_text())
PATIENCE = 100.0  # a guard against hangs on a crowded machine, never an expectation
API, WORKER = "my-tomorrows-api", "my-tomorrows-worker"
BROKEN = ("--set", f"applications.{API}.command={{/bin/false}}")

Json = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What a command came to."""

    code: int
    out: str
    err: str

    def ok(self) -> "Told":
        assert self.code == 0, f"exit {self.code}\n{self.out}\n{self.err}"
        return self

    def failed(self, code: int) -> "Told":
        assert self.code == code, f"exit {self.code}, not {code}\n{self.out}\n{self.err}"
        assert "Traceback" not in self.err
        return self

    def json(self) -> Json:
        """The one document, which keeps to the published schema."""
        document: Json = json.loads(self.out)
        jsonschema.validate(document, SCHEMA)
        return document


class Command:
    """A command that goes on while the test does something else."""

    def __init__(self, project: "Project", arguments: tuple[str, ...]) -> None:
        self._out, self._err = project.scratch("out"), project.scratch("err")
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                project.line(arguments), stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=project.env
            )

    def said(self, text: str) -> None:
        """Wait until the command says it, on either stream."""
        until(lambda: text in self.out + self.err or self.process.poll() is not None)
        assert text in self.out + self.err, f"exit {self.process.poll()}\n{self.out}\n{self.err}"

    @property
    def out(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(errors="replace")

    def interrupt(self) -> Told:
        """Press Ctrl-C once, and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> Told:
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the command did not end\n{self.out}\n{self.err}") from None
        return Told(code, self.out, self.err)


class Project:
    """The project's folder, its NodePort, and what a user and the system can see of it."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("FLASKSHIP")}
        self.env["NO_COLOR"] = "1"
        self._scratches = 0

    def scratch(self, kind: str) -> Path:
        """A new file beside the project."""
        self._scratches += 1
        folder = self.root.parent / "scratch"
        folder.mkdir(exist_ok=True)
        return folder / f"{self._scratches}.{kind}"

    def line(self, arguments: tuple[str, ...]) -> list[str]:
        return [str(COMMAND), "--project", str(self.root), *arguments]

    def run(self, *arguments: str) -> Told:
        """Run a command to its end."""
        command = Command(self, arguments)
        return command.end()

    def begin(self, *arguments: str) -> Command:
        """Start a command and leave it running."""
        return Command(self, arguments)

    def status(self, environment: str = "dev") -> Json:
        """What `status -o json` says of one environment."""
        return self.run("status", environment, "--engine", "local", "-o", "json").ok().json()

    def pids(self, environment: str = "dev") -> dict[str, tuple[int, ...]]:
        """The replicas' processes by application."""
        return pids_of(self.status(environment))

    def history(self, environment: str = "dev") -> list[Json]:
        told = self.run("history", environment, "--engine", "local", "-o", "json").ok().json()
        revisions: list[Json] = told["revisions"]
        return revisions

    def url(self, path: str = "/health") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def daemons(self, role: str) -> list[int]:
        """The living processes of that role: supervisor, router or spawner."""
        return [pid for pid, line in self._lines() if f".{role}" in line and f"--project {self.root}" in line]

    def daemon(self, role: str) -> int:
        """The one process of that role."""
        found = self.daemons(role)
        assert len(found) == 1, f"{role}: {found}"
        return found[0]

    def processes(self) -> dict[int, str]:
        """Every living process that is the project's: by its command line or by its mark."""
        found = {pid: line for pid, line in self._lines() if f"--project {self.root}" in line}
        for pids in marked_pids(str(self.root)).values():
            found |= dict.fromkeys(pids, "replica")
        return found

    def marked(self) -> set[int]:
        """The replicas' processes, as their marks tell."""
        return {pid for pids in marked_pids(str(self.root)).values() for pid in pids}

    def _lines(self) -> Iterator[tuple[int, str]]:
        for pid in all_pids():
            stat = read_stat(pid)
            if stat is None or stat.ended:
                continue
            try:
                raw = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            line = raw.replace(b"\0", b" ").decode(errors="replace")
            if "flaskship.engines.local." in line:
                yield pid, line

    @contextmanager
    def changed(self, path: str, old: str, new: str) -> Iterator[Path]:
        """A file of the project with another text in it, for as long as the test needs it."""
        file = self.root / path
        before = file.read_text()
        assert before.count(old) == 1, f"{path} holds {old!r} {before.count(old)} times"
        file.write_text(before.replace(old, new))
        try:
            yield file
        finally:
            file.write_text(before)


def pids_of(status: Json) -> dict[str, tuple[int, ...]]:
    """The processes of the replicas that stay, in a status document, by application."""
    return {
        one["name"]: tuple(sorted(replica["pid"] for replica in staying(one) if replica["pid"]))
        for one in status["applications"]
    }


def staying(application: Json) -> list[Json]:
    """The replicas that are not on their way out: a rolling update may still be draining an old one."""
    return [
        one for one in application["replicas"] if one["phase"] not in ("Terminating", "Succeeded", "Failed")
    ]


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return when it holds; what never comes true fails here."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "this never came true"
        time.sleep(0.05)


def free_node_port() -> int:
    """A port of Kubernetes' range that nobody listens on, the worker's own share of the range first."""
    share = sum(map(ord, os.environ.get("PYTEST_XDIST_WORKER", ""))) % 20 * 100
    for port in range(30100 + share, 32768):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port between 30100 and 32767")
