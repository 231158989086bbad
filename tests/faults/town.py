"""A project whose engine is cut down on purpose, and everything that can be seen of it from outside."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contract.documents import deployment, service
from tests.faults.watch import Watch

from flaskship.engines.local import daemon
from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.images import build_image
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes import proc
from flaskship.engines.local.rpc import Caller
from flaskship.engines.local.steps import ALLOWED, FAULT
from flaskship.model.errors import FlaskshipError
from flaskship.model.release import Document, Provenance, Release, Revision
from flaskship.model.snapshot import Snapshot

DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /srv/app\nCOPY . .\nCMD ["python", "-V"]\n'
IMAGE = "demo:1.0"
PATIENCE = 40.0  # a guard against hangs on a crowded machine, never an expectation
SERVER = """
import os, socket
body = os.environ['VERSION'].encode()
answer = b'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n' % len(body) + body
door = socket.create_server((os.environ['POD_IP'], int(os.environ['PORT'])), backlog=128)
while True:
    one, _ = door.accept()
    try:
        one.settimeout(1)
        if one.recv(65536): one.sendall(answer)
    except OSError:
        pass
    one.close()
"""
SERVE = ["python", "-I", "-S", "-u", "-c", SERVER]
BREAK = ["python", "-I", "-S", "-c", "import nowhere_to_be_found"]


class Town:
    """One project folder, its built image, and its daemons."""

    def __init__(self, project: Path, image: str) -> None:
        self.project, self.paths = project, LocalPaths(project)
        self.image = image
        self._numbers = itertools.count(1)
        self._guard: Caller | None = None

    @classmethod
    async def build(cls, folder: Path) -> "Town":
        project = folder / "project"
        context = project / "app"
        context.mkdir(parents=True)
        (context / "Dockerfile").write_text(DOCKERFILE)
        image = await build_image(project, "demo", context, report=lambda _: None)
        return cls(project, image.id)

    def number(self) -> int:
        """A number that was not used before."""
        return next(self._numbers)

    def release(self, environment: str, *documents: Document, undo: bool = True) -> Release:
        return Release(
            environment=environment,
            name=f"{environment}-apps",
            namespace=f"my-app-{environment}",
            documents=documents,
            provenance=Provenance("faults", "", undo=undo),
            images={IMAGE: self.image},
        )

    def web(self, environment: str, version: str, **options: Any) -> Release:
        """One server that answers its version, behind a Service, with a generated password."""
        options.setdefault("command", SERVE)
        one = deployment("web", IMAGE, env={"VERSION": version}, **options)
        password = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "door", "key": "password"}}}
        one["spec"]["template"]["spec"]["containers"][0]["env"].append(password)
        return self.release(environment, one, service("web"))

    def with_job(self, release: Release) -> Release:
        """The same release with a Job that ends at once."""
        job = deployment("tidy", IMAGE, command=["python", "-I", "-S", "-c", "pass"])
        template = job["spec"]["template"]
        template["spec"]["restartPolicy"] = "Never"
        del template["spec"]["containers"][0]["readinessProbe"]
        document = {"apiVersion": "batch/v1", "kind": "Job", "metadata": job["metadata"]}
        document["spec"] = {"template": template, "backoffLimit": 3}
        return self.release(release.environment, *release.documents, document)

    def engine(self) -> LocalEngine:
        return LocalEngine(self.project)

    # the daemons

    def daemon(self, role: str) -> int | None:
        """The living process of that role."""
        return next((pid for pid, found in self.daemons().items() if found == role), None)

    def daemons(self) -> dict[int, str]:
        """Every living daemon of the project, by its role."""
        found = {}
        for pid in proc.own_pids():
            stat = proc.read_stat(pid)
            if stat is None or stat.ended:
                continue
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                if str(self.project) in words:
                    role = next((w for w in words if w.startswith("flaskship.engines.local.")), "")
                    found[pid] = role.rpartition(".")[2] or "command"
        return found

    async def restart_supervisor(self, fault: str = "") -> int:
        """Let the supervisor go and start one that is armed; return where its log begins."""
        # One that the router has just started, too, may hold the place: again until ours is armed.
        for _ in range(10):
            for old in [pid for pid, role in self.daemons().items() if role == "supervisor"]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(old, signal.SIGTERM)
                await self.until(lambda old=old: not alive(old))
            at = self.log_size()
            armed = {ALLOWED: "1", **({FAULT: fault} if fault else {})}
            with environ(**armed), contextlib.suppress(FlaskshipError):
                await asyncio.to_thread(daemon.start_supervisor, self.paths)
            if f"armed {fault}" in self.said(at):
                await self._stay()
                return at
        raise AssertionError(f"no supervisor could be armed\n{self.tail()}")

    async def _stay(self) -> None:
        """Keep a supervisor that has nothing to do yet from ending before the command has begun."""
        if self._guard is not None:
            await self._guard.close()
        with contextlib.suppress(OSError):
            self._guard = await Caller.connect(str(self.paths.socket("supervisor")))

    async def let_go(self) -> None:
        """The supervisor may end when it has nothing to do."""
        if self._guard is not None:
            await self._guard.close()
            self._guard = None

    def log_size(self) -> int:
        log = self.paths.log("supervisor")
        return log.stat().st_size if log.exists() else 0

    def said(self, since: int) -> list[str]:
        """The lines of the supervisors' log from there on."""
        with self.paths.log("supervisor").open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace").splitlines()

    def watch(self, url: str | None = None, environment: str = "") -> Watch:
        return Watch(str(self.project), url, lambda: self.replicas(environment))

    def replicas(self, environment: str) -> set[str]:
        """The replicas that the state knows of an environment; none while it cannot be read."""
        try:
            return {
                uid for (uid,) in self.rows(f"SELECT uid FROM replicas WHERE environment = '{environment}'")
            }
        except sqlite3.Error:
            return set()

    def events(self, environment: str) -> list[str]:
        """The last events of an environment, as lines."""
        rows = self.rows(
            "SELECT at, object, reason, message FROM events"
            f" WHERE environment = '{environment}' ORDER BY id DESC LIMIT 30"
        )
        return [f"{at:.3f} {' '.join(rest)}" for at, *rest in reversed(rows)]

    # what is true of it

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{self.paths.database}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def orphans(self) -> set[str]:
        """Marked processes that no replica of the state owns."""
        owned = {uid for (uid,) in self.rows("SELECT uid FROM processes")}
        return set(proc.marked_pids(str(self.project))) - owned

    def stray_folders(self) -> set[str]:
        """Folders of replicas that do not exist."""
        known = {name for (name,) in self.rows("SELECT name FROM replicas")}
        found = {one.name for one in (self.paths.home / "envs").glob("*/replicas/*")}
        return found - known

    def stray_records(self) -> set[str]:
        """Exit records of processes that nobody will ask about."""
        owned = {uid for (uid,) in self.rows("SELECT uid FROM processes")}
        found = {one.name.removesuffix(".replica.json") for one in self.paths.exits.glob("*.replica.json")}
        return found - owned

    async def clean(self) -> None:
        """Nothing is left that should not be; what is being ended may still end."""
        for strays in (self.orphans, self.stray_folders, self.stray_records):
            await self.until(lambda strays=strays: not strays(), what=strays.__name__)

    async def until(self, true: Any, seconds: float = PATIENCE, what: str = "") -> None:
        limit = time.monotonic() + seconds
        while not true():
            if time.monotonic() > limit:
                raise AssertionError(f"never came true: {what or true}\n{self.tail()}")
            await asyncio.sleep(0.02)

    def tail(self) -> str:
        lines = [one for one in self.said(0) if not one.startswith("step ")]
        return "\n".join(lines[-30:])

    async def settle(self, environment: str, done: Any, seconds: float = PATIENCE) -> Snapshot:
        """Ask as the next command would until it is as intended."""
        engine = self.engine()
        limit = time.monotonic() + seconds
        try:
            while True:
                snapshot = await engine.observe(environment)
                history = await engine.history(environment)
                if done(snapshot, history):
                    return snapshot
                if time.monotonic() > limit:
                    raise AssertionError(f"never as intended: {describe(snapshot, history)}\n{self.tail()}")
                await asyncio.sleep(0.03)
        finally:
            await engine.close()

    async def close(self) -> None:
        """End everything; whatever still runs afterwards is killed and reported."""
        if self._guard is not None:
            self._guard.channel.close()
        engine = self.engine()
        with contextlib.suppress(FlaskshipError):
            for environment, running in (await engine.environments()).items():
                if running:
                    lock = await engine.acquire(environment, "clean up", 30.0)
                    await engine.delete(environment, lock)
                    await engine.release(lock)
            await engine.shutdown()
        await engine.close()
        try:
            await self.until(lambda: not self.daemons(), 15.0, f"daemons end {self.daemons()}")
        finally:
            left = [*self.daemons(), *itertools.chain(*proc.marked_pids(str(self.project)).values())]
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert not left, f"processes were left: {left}"


def alive(pid: int) -> bool:
    stat = proc.read_stat(pid)
    return stat is not None and not stat.ended


def describe(snapshot: Snapshot, history: tuple[Revision, ...]) -> str:
    replicas = [
        f"{one.name}/{r.name} {r.phase} current={r.current} {r.problem or ''}"
        for one in snapshot.workloads
        for r in one.replicas
    ]
    revisions = [f"{r.number}:{r.outcome}" for r in history]
    return json.dumps([snapshot.phase, replicas, revisions], default=str)


@contextlib.contextmanager
def environ(**variables: str) -> Iterator[None]:
    """Stand in the environment for as long as the block lasts."""
    assert set(variables) <= {ALLOWED, FAULT}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
