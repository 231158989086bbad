"""A project of a test's own on the cluster: the real chart, the real command, namespaces that go again."""

import asyncio
import json
import os
import random
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.cluster.reach import IMAGE, connect, current_context

from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import NAMESPACES, NODES, PODS, SERVICES

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "flaskship"]
API, WORKER = "my-tomorrows-api", "my-tomorrows-worker"
ENVIRONMENTS = ("dev", "staging", "prod")
SECONDS = 360
# Several tests share one small node, and a busy one starts slowly: what is tested is another thing.
LIGHT = (
    "--set",
    "defaults.resources.requests.cpu=10m",
    "--set",
    "defaults.progressDeadlineSeconds=300",
    "--set",
    "defaults.probes.startup.failureThreshold=240",
    "--set",
    "defaults.probes.liveness.timeoutSeconds=10",
    "--set",
    "defaults.probes.liveness.failureThreshold=6",
)
# Long enough for a busy machine to tell every node of a change, short enough for a test.
PATIENT = ("--set", "defaults.preStopSeconds=5", "--set", "defaults.terminationGracePeriodSeconds=20")


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    document: Mapping[str, Any]
    progress: str

    @property
    def outcome(self) -> str:
        return str(self.document["verdict"]["outcome"])

    @property
    def codes(self) -> set[str]:
        return {str(one["code"]) for one in self.document["verdict"]["causes"]}

    def succeeded(self) -> "Ended":
        assert self.code == 0, f"{self.document}\n{self.progress}"
        return self


@dataclass
class Town:
    """One project with namespaces of its own, and a client that looks at them."""

    folder: Path
    prefix: str
    context: str
    node_port: int
    cluster: Cluster = field(default_factory=connect)

    def namespace(self, environment: str = "dev") -> str:
        return f"{self.prefix}-{environment}"

    def arguments(self, command: str, environment: str, *more: str) -> list[str]:
        port = ("--set", f"applications.{API}.service.nodePort={self.node_port}")
        reads_values = command in ("deploy", "diff")
        given = (*LIGHT, *(port if environment == "dev" else ())) if reads_values else ()
        engine = ("--engine", "kubernetes", "--context", self.context)
        return [*COMMAND, command, environment, *more, *given, *engine, "--project", str(self.folder)]

    def start(self, command: str, environment: str, *more: str) -> "subprocess.Popen[str]":
        """The command in a process group of its own, so that a test may kill it."""
        return self._start(self.arguments(command, environment, *more), {})

    def run(self, command: str, environment: str = "dev", *more: str) -> Ended:
        return ended(self.start(command, environment, *more))

    def run_words(self, words: list[str]) -> Ended:
        return ended(self._start(words, {}))

    async def go_with(
        self, environ: Mapping[str, str], command: str, environment: str = "dev", *more: str
    ) -> Ended:
        """The same with other variables of the environment."""
        words = self.arguments(command, environment, *more)
        return await asyncio.to_thread(lambda: ended(self._start(words, environ)))

    def _start(self, words: list[str], environ: Mapping[str, str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*words, "-o", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **environ},
        )

    async def go(self, command: str, environment: str = "dev", *more: str) -> Ended:
        """The same, while the test goes on."""
        return await asyncio.to_thread(self.run, command, environment, *more)

    async def address(self) -> str:
        """Where the API answers through its NodePort."""
        nodes = await self.cluster.list(NODES)
        addresses = nodes.items[0]["status"]["addresses"]
        internal = next(one["address"] for one in addresses if one["type"] == "InternalIP")
        return f"http://{internal}:{self.node_port}"

    async def make_namespace(self, environment: str, labels: Mapping[str, str] | None = None) -> None:
        metadata = {"name": self.namespace(environment), "labels": dict(labels or {})}
        await self.cluster.create(NAMESPACES, {"metadata": metadata})

    async def execute(self, pod: str, container: str, *command: str, environment: str = "dev") -> str:
        """Run a command in a container and return what it printed, errors included."""
        words = "&".join(f"command={quote(word)}" for word in command)
        path = PODS.path(self.namespace(environment), pod, "exec")
        url = self.cluster.address(path, {"container": container, "stdout": "true", "stderr": "true"})
        said = b""
        async with self.cluster.session.websocket(
            f"{url}&{words}".replace("http", "ws", 1), subprotocols=["v4.channel.k8s.io"]
        ) as session:
            while True:
                message = await session.receive_bytes(timeout=30)
                if message[0] == 3:  # the status ends it
                    return said.decode(errors="replace")
                said += message[1:]

    async def kill_main(self, pod: str) -> None:
        """End the process of a pod's container, as bad luck would."""
        container = pod.rsplit("-", 2)[0]
        await self.execute(pod, container, "python", "-c", "import os; os.kill(1, 15)")

    async def leave(self) -> None:
        for environment in ENVIRONMENTS:
            await self.cluster.delete(NAMESPACES, self.namespace(environment))
        await self.cluster.close()


def ended(process: "subprocess.Popen[str]") -> Ended:
    try:
        said, progress = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, progress = process.communicate()
        raise AssertionError(f"no end within {SECONDS} s:\n{progress}") from None
    document = json.loads(said) if said.strip() else {}
    return Ended(process.returncode, document, progress)


def said(refused: Ended) -> str:
    """The reason why a command did not do what was asked."""
    return json.dumps(refused.document["error"])


async def untouched(town: Town) -> bool:
    """Whether Helm wrote nothing."""
    place = Place("dev", "dev-apps", town.namespace())
    return await storage.revisions(town.cluster, place) == ()


async def until_revision(town: Town, number: int) -> None:
    """Return once Helm has this revision, or has begun to write it."""
    for _ in range(600):
        known = await storage.revisions(town.cluster, Place("dev", "dev-apps", town.namespace()))
        if known and known[-1].number >= number:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the deploy never reached Helm")


async def choose_port(town: Town) -> None:
    """Take a NodePort that no Service of the cluster has: the range is everybody's."""
    services = (await town.cluster.list(SERVICES)).items
    taken = {port.get("nodePort") for one in services for port in one["spec"].get("ports") or ()}
    town.node_port = random.choice([port for port in range(31000, 32700) if port not in taken])


def make_town(folder: Path) -> Town:
    """A project that is this one's chart with other namespaces."""
    prefix = f"town-{secrets.token_hex(3)}"
    context = current_context()
    environments = "".join(
        f"  {name}: {{release: {name}-apps, namespace: {prefix}-{name}, "
        f"engine: kubernetes, context: {context}}}\n"
        for name in ENVIRONMENTS
    )
    (folder / "flaskship.yaml").write_text(
        "apiVersion: flaskship.dev/v1\nname: my-app\nchart: infra/helmchart\n"
        f"images:\n  {IMAGE.partition(':')[0]}: {{context: app}}\nenvironments:\n{environments}"
    )
    for part in ("infra", "app"):
        (folder / part).symlink_to(ROOT / part)
    # The upper part of the range, where nobody's values have a port by hand.
    return Town(folder, prefix, context, random.randint(31000, 32700))
