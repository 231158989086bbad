"""A release lives and moves on a system that has nothing of what only Linux has: PROJECT IMAGE.

Run in a process of its own, so that the client is without it as well as the engine.
"""

import asyncio
import http.client
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.contract.documents import deployment, service
from tests.contract.harness import complete, locked
from tests.contract.local import IMAGE

from flaskship.engines.local.daemon import daemons
from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.capabilities import NAMES, VARIABLE, has
from flaskship.engines.local.processes.identity import find_by_environment
from flaskship.model.release import Document, Provenance, Release
from flaskship.model.snapshot import ReplicaPhase, Snapshot

PATIENCE = 60.0


def documents(version: str) -> tuple[Document, ...]:
    """What dev has: variables from a ConfigMap and a Secret, an initContainer, a claim, a NodePort, a Job."""
    web = deployment("web", IMAGE, env={"VERSION": version})
    pod = web["spec"]["template"]["spec"]
    configuration = [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "door"}}]
    pod["containers"][0]["envFrom"] = configuration
    pod["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    pod["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    pod["initContainers"] = [{"name": "migrate", "image": IMAGE, "command": ["python", "-c", "pass"]}]
    pod["containers"][0]["resources"] = {"limits": {"memory": "256Mi"}}
    job: dict[str, Any] = {"restartPolicy": "Never"}
    job["containers"] = [{"name": "tidy", "image": IMAGE, "command": ["python", "-c", "pass"]}]
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    return (
        web,
        service("web"),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"A": "1"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "door"}, "stringData": {"B": "2"}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": claim},
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": f"tidy-{version}"},
            "spec": {"template": {"spec": job}},
        },
    )


class Asking:
    """A context: requests through the router, one after the other, and which of them failed."""

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent, self.failed = 0, list[str]()

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.sent += 1
            connection = http.client.HTTPConnection(str(self._where.hostname), self._where.port, timeout=20)
            try:
                connection.request("GET", "/")
                status = connection.getresponse().status
                if status != 200:
                    self.failed.append(str(status))
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{type(error).__name__}: {error}")
            finally:
                connection.close()
            self._stop.wait(0.02)


async def until(engine: LocalEngine, done: Callable[[Snapshot], bool]) -> Snapshot:
    async with asyncio.timeout(PATIENCE):
        while not done(snapshot := await engine.observe("dev")):
            await asyncio.sleep(0.05)
        return snapshot


async def apply(engine: LocalEngine, image: str, version: str) -> Snapshot:
    release = Release(
        environment="dev",
        name="dev-apps",
        namespace="my-app-dev",
        documents=documents(version),
        provenance=Provenance("portability", "", undo=False),
        images={IMAGE: image},
    )
    async with locked(engine, "dev") as lock:
        revision = await engine.apply(release, lock)
        return await until(
            engine, lambda s: complete(s) and s.release is not None and s.release.revision == revision
        )


async def gone(paths: LocalPaths, role: str, pid: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while daemons(paths).get(role) in (pid, None):
            await asyncio.sleep(0.05)


def without_anything(paths: LocalPaths) -> None:
    """Our own processes run without it too: each has been told, and none found a way around."""
    found = daemons(paths)
    assert sorted(found) == ["router", "spawner", "supervisor"]
    for role, pid in found.items():
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert f"{VARIABLE}=all".encode() in told, role
        # An inotify or pidfd handle among its files would be a way around.
        handles = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()]
        assert not [name for name in handles if "inotify" in name or "pidfd" in name], role


async def main(project: Path, image: str) -> None:
    assert not any(map(has, NAMES))
    paths, engine = LocalPaths(project), LocalEngine(project)
    first = await apply(engine, image, "one")
    without_anything(paths)
    web = next(one for one in first.workloads if one.name == "web")
    assert first.containment.startswith("watchdog"), first.containment
    assert {replica.address for replica in web.replicas} == {"127.0.0.1"}
    with Asking(web.endpoints[0]) as asking:
        second = await apply(engine, image, "two")
    assert asking.sent > 0
    assert asking.failed == [], asking.failed

    for role in ("supervisor", "spawner"):
        victim = daemons(paths)[role]
        os.kill(victim, signal.SIGKILL)
        await gone(paths, role, victim)
        after = await until(engine, complete)
        assert serving(after) == serving(second), role
    # The spawner did not start it: nobody but a look finds out that it has ended.
    [(killed, _)] = serving(second)
    os.kill(killed, signal.SIGKILL)
    back = await until(engine, lambda s: complete(s) and serving(s) not in ([], serving(second)))
    assert [restarts for _, restarts in serving(back)] == [1]
    async with locked(engine, "dev") as lock:
        await engine.delete("dev", lock)
    assert find_by_environment(project) == {}
    await engine.shutdown()
    await engine.close()


def serving(snapshot: Snapshot) -> list[tuple[int, int]]:
    """The processes of the replicas that stay, with how often each was restarted."""
    return [
        (replica.pid, replica.restarts)
        for one in snapshot.workloads
        if one.name == "web"
        for replica in one.replicas
        if replica.pid is not None and replica.phase is not ReplicaPhase.TERMINATING
    ]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
