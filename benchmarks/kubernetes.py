"""`flaskship deploy` against `helm upgrade --install --wait`: the same chart, the same cluster, in turns."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Goal, Options, Result, Series, ratio
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.kubeconfig import read_kubeconfig
from flaskship.engines.kubernetes.resources import EVENTS, NAMESPACES, NODES, PODS, Resource
from flaskship.verification.receipt import drive

NAME = "kubernetes"
REPOSITORY = Path(__file__).parents[1]
IMAGE = os.environ.get("FLASKSHIP_TEST_IMAGE", "cloudandparth/my-demo-app:1.0")
API = "my-tomorrows-api"
ENVIRONMENT, RELEASE = "dev", "dev-apps"
HELM_SECONDS = 30
"""What Helm is given for a change that fails."""
PATIENCE = 300
VERDICT_SECONDS = 15.0
MOST_RATIO = 1.1
RATE = 40.0
UPDATES = 3
"""Rolling updates under load."""


def _ended_twice(container: Mapping[str, Any]) -> bool:
    """A container whose second run has ended; a kubelet that starts it again at once shows only the count."""
    state = container.get("state") or {}
    backing_off = (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff"
    return int(container.get("restartCount", 0)) + ("terminated" in state or backing_off) >= 2


def _not_pulled(container: Mapping[str, Any]) -> bool:
    """An image that the kubelet has given up on for now; its first error may still be one that passes."""
    return ((container.get("state") or {}).get("waiting") or {}).get("reason") == "ImagePullBackOff"


Terminal = Callable[[Mapping[str, Any]], bool]


def _fails(probe: str, status: int, times: int) -> Terminal:
    """A probe that was answered so, so many times: a kubelet's event counts them."""
    words = f"{probe} probe failed: HTTP probe failed with statuscode: {status}"
    return lambda event: event.get("message") == words and int(event.get("count") or 1) >= times


UNREADY = f"applications.{API}.migrations=false,applications.{API}.env.DATABASE_URL=sqlite:////nowhere/x.db"
FAILURES: tuple[tuple[str, str, Terminal], ...] = (
    ("a crash loop", f"applications.{API}.command={{/bin/false}}", _ended_twice),
    ("an image that is not there", f"applications.{API}.image.tag=nobody-built-this", _not_pulled),
    (
        "a failing probe",
        f"applications.{API}.probes.startup.path=/nobody-answers-this,"
        f"applications.{API}.probes.startup.failureThreshold=3",
        _ended_twice,
    ),
    (
        "readiness that is answered 404",
        f"applications.{API}.probes.readiness.path=/nobody-answers-this",
        _fails("Readiness", 404, 3),
    ),
    ("readiness that is answered 503 once it has started", UNREADY, _fails("Readiness", 503, 3)),
    (
        "liveness that is answered 404",
        f"applications.{API}.probes.liveness.path=/nobody-answers-this",
        _fails("Liveness", 404, 1),
    ),
)


@dataclass(frozen=True)
class Side:
    """One of the two, with a namespace and a node port of its own."""

    name: str
    namespace: str
    port: int


@dataclass(frozen=True)
class Place:
    """The cluster, a copy of the project that deploys to it, and both sides."""

    context: str
    helm: str
    root: Path
    node: str
    ours: Side
    theirs: Side

    def flaskship(self, *arguments: str, sets: tuple[str, ...] = ()) -> tuple[float, int, str]:
        """Deploy by the command and return its seconds, its exit code and what it printed."""
        command = [sys.executable, "-m", "flaskship", "--project", str(self.root), "deploy", ENVIRONMENT]
        command += ["--engine", "kubernetes", "--context", self.context, *arguments]
        return timed([*command, *_sets(self.ours, sets)])

    def helm_upgrade(self, *, sets: tuple[str, ...] = (), patience: int = PATIENCE) -> tuple[float, int, str]:
        """Do the same with Helm itself, and wait as it waits."""
        chart = self.root / "infra" / "helmchart"
        command = [
            self.helm,
            "upgrade",
            "--install",
            RELEASE,
            str(chart),
            "-f",
            str(chart / "values-dev.yaml"),
        ]
        command += ["--kube-context", self.context, "-n", self.theirs.namespace, "--create-namespace"]
        return timed([*command, "--wait", "--timeout", f"{patience}s", *_sets(self.theirs, sets)])

    def helm_test(self) -> tuple[float, int, str]:
        """Run the tests that the chart brings, as flaskship's deploy does."""
        command = [self.helm, "test", RELEASE, "--kube-context", self.context, "-n", self.theirs.namespace]
        return timed(command)


def run(options: Options) -> Result:
    with place() as here:
        result = Result(NAME)
        result.notes.append(
            "flaskship also checks, locks, drives traffic, judges, asks the address, runs the tests and "
            "records, in that time"
        )
        if options.only in ("", "deploys"):
            deploys(here, options, result)
        if options.only in ("", "loss"):
            asyncio.run(loss(here, options, result))
        if options.only in ("", "verdicts"):
            verdicts(here, result)
        return result


def deploys(here: Place, options: Options, result: Result) -> None:
    """A change of one application's environment, rolled out by each side in turn."""
    ours, theirs = Series("flaskship deploy, to verified"), Series("helm upgrade --install --wait")
    tested = Series("the same, and helm test")
    sides: list[tuple[Series, Callable[..., tuple[float, int, str]]]]
    sides = [(ours, here.flaskship), (theirs, here.helm_upgrade)]
    for series, move in sides:
        _succeeds(series.name, move(sets=_coloured("first")))
    for number in options.each_round(NAME):
        sets = _coloured(f"c{number}")
        for series, move in sides if number % 2 else reversed(sides):
            series.values.append(_succeeds(series.name, move(sets=sets)))
        tested.values.append(theirs.values[-1] + _succeeds("helm test", here.helm_test()))
    result.series += [ours, theirs, tested]
    result.goals.append(
        Goal("deploy to verified, in the time of helm --wait", ratio(ours, theirs), MOST_RATIO)
    )
    result.goals.append(
        Goal("the same, in the time of helm --wait and test", ratio(ours, tested), MOST_RATIO)
    )


async def loss(here: Place, options: Options, result: Result) -> None:
    """Requests through the node port while the API is replaced again and again."""
    until, moves = asyncio.Event(), int(options.pick(UPDATES, 1))
    url = f"http://{here.node}:{here.ours.port}/api/reminders"
    traffic = asyncio.create_task(drive(url, until=until, rate=RATE))
    try:
        for number in range(moves):
            told = await asyncio.to_thread(here.flaskship, sets=_coloured(f"loss{number}"))
            _succeeds("a rolling update under load", told)
    finally:
        until.set()
        receipt = await traffic
    result.notes.append(
        f"rolling updates under load: {moves} updates, {receipt.sent} requests, {receipt.failed} failed, "
        f"p50 {receipt.p50_ms} ms, p99 {receipt.p99_ms} ms"
    )
    result.goals.append(Goal("requests lost in rolling updates under load", receipt.failed, 0))


def verdicts(here: Place, result: Result) -> None:
    """How long each side takes to say that a change fails; Helm has to wait until its time is over.

    The goal counts from the first terminal signal, which the cluster gives when it likes: the second end of a
    container, or a pull that is given up for now.
    """
    for name, sets, terminal in FAILURES:
        whole, theirs = (
            Series(f"{name}: flaskship"),
            Series(f"{name}: helm --wait (at most {HELM_SECONDS} s)"),
        )
        ours = Series(f"{name}: from its first terminal signal to the end of the command")
        seconds, signal, (code, text) = asyncio.run(_told(here, sets, terminal))
        if code != 1:
            raise SystemExit(f"{name}: flaskship deploy ended with {code}:\n{text}")
        whole.values.append(seconds)
        ours.values.append(signal)
        _tell(f"{name}, flaskship's verdict", seconds)
        _tell(f"{name}, from its first terminal signal", signal)
        _succeeds("the way back", here.flaskship(sets=_coloured("back")))
        seconds, code, _ = here.helm_upgrade(sets=(sets,), patience=HELM_SECONDS)
        theirs.values.append(seconds)
        _tell(f"{name}, Helm's end", seconds)
        result.notes += [f"{name}: helm --wait ended with success"] if code == 0 else []
        _succeeds("Helm's way back", here.helm_upgrade(sets=_coloured("back")))
        result.series += [ours, whole, theirs]
        goal = f"{name}: from its first terminal signal to the verdict"
        result.goals.append(Goal(goal, max(ours.values), VERDICT_SECONDS))


async def _told(here: Place, sets: str, terminal: Terminal) -> tuple[float, float, tuple[int, str]]:
    """Deploy a change that fails; return the seconds of the command, those since the signal, and its end.

    The signal is seen by a watch of its own, so that nothing of ours says when it was.
    """
    cluster = Cluster.of(here.context)
    try:
        signal = asyncio.create_task(_signalled(cluster, here.ours.namespace, terminal))
        seconds, code, text = await asyncio.to_thread(here.flaskship, "--no-rollback", sets=(sets,))
        ended = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            return seconds, ended - await signal, (code, text)
    finally:
        await cluster.close()


async def _signalled(cluster: Cluster, namespace: str, terminal: Terminal) -> float:
    """When a container of a pod, or an event, was first seen to be terminal; whatever was before is not."""
    looks = [asyncio.create_task(_seen(cluster, kind, namespace, terminal)) for kind in (PODS, EVENTS)]
    try:
        for look in asyncio.as_completed(looks):
            if (at := await look) is not None:
                return at
    finally:
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
    raise SystemExit(f"nothing of {namespace} failed within {PATIENCE} s")


async def _seen(cluster: Cluster, kind: Resource, namespace: str, terminal: Terminal) -> float | None:
    listed = await cluster.list(kind, namespace)
    async for change in cluster.watch(kind, namespace, listed.resource_version, seconds=PATIENCE):
        status = change.object.get("status") or {}
        # The first to miss an image is what migrates.
        containers = (status.get(f"{one}ontainerStatuses") or () for one in ("initC", "c"))
        told = (change.object,) if kind is EVENTS else (one for found in containers for one in found)
        if any(terminal(one) for one in told):
            return time.monotonic()
    return None


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A copy of the project and two namespaces on the cluster of KUBECONFIG; none is left afterwards."""
    if not os.environ.get("KUBECONFIG"):
        raise SystemExit(
            "kubernetes: KUBECONFIG names no cluster: KUBECONFIG=FILE python -m benchmarks kubernetes"
        )
    helm = shutil.which("helm")
    if helm is None:
        raise SystemExit("kubernetes: there is no helm on PATH to compare with")
    context = os.environ.get("FLASKSHIP_TEST_CONTEXT") or read_kubeconfig().current
    if not context:
        raise SystemExit("kubernetes: the kubeconfig has no current context: set FLASKSHIP_TEST_CONTEXT")
    prefix = f"{os.environ.get('FLASKSHIP_TEST_PREFIX', 'flaskship')}-bench-{os.getpid()}"
    node = asyncio.run(_node(context))
    first, second = _free_node_ports(node)
    ours, theirs = Side("ours", f"{prefix}-ours", first), Side("theirs", f"{prefix}-theirs", second)
    with tempfile.TemporaryDirectory(prefix="flaskship-bench-") as folder:
        root = Path(folder)
        for name in ("infra", "app"):
            # Hidden files and the applications' tests stay here; the chart's own are part of a deploy.
            left = (".*", "tests") if name == "app" else (".*",)
            shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns(*left))
        text = (REPOSITORY / "flaskship.yaml").read_text()
        (root / "flaskship.yaml").write_text(text.replace("my-app-dev", ours.namespace))
        try:
            yield Place(context, helm, root, node, ours, theirs)
        finally:
            asyncio.run(_forget(context, ours.namespace, theirs.namespace))


def timed(command: list[str]) -> tuple[float, int, str]:
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return time.monotonic() - began, done.returncode, done.stdout + done.stderr


def _succeeds(name: str, told: tuple[float, int, str]) -> float:
    seconds, code, text = told
    if code:
        raise SystemExit(f"{name} ended with {code}:\n{text}")
    _tell(name, seconds)
    return seconds


def _tell(name: str, seconds: float) -> None:
    # One run takes minutes: what is known already is told.
    print(f"kubernetes: {name}: {seconds:.1f} s", file=sys.stderr, flush=True)


def _sets(side: Side, sets: tuple[str, ...]) -> list[str]:
    repository, _, tag = IMAGE.rpartition(":")
    given = (
        f"applications.{API}.service.nodePort={side.port}",
        f"defaults.image.repository={repository}",
        f"defaults.image.tag={tag}",
        *sets,
    )
    return [word for one in given for word in ("--set", one)]


def _coloured(colour: str) -> tuple[str, ...]:
    return (f"applications.{API}.env.COLOUR={colour}",)


async def _node(context: str) -> str:
    cluster = Cluster.of(context)
    try:
        nodes = (await cluster.list(NODES)).items
    finally:
        await cluster.close()
    addresses = [one for node in nodes for one in node["status"]["addresses"]]
    return str(next(one["address"] for one in addresses if one["type"] == "InternalIP"))


def _free_node_ports(node: str) -> tuple[int, int]:
    """Two node ports at which nobody answers: a cluster refuses one that is taken."""
    free = []
    for port in range(31500 + os.getpid() % 500, 32767):
        with contextlib.closing(socket.socket()) as probe:
            probe.settimeout(1)
            if probe.connect_ex((node, port)):
                free.append(port)
        if len(free) == 2:
            break
    return free[0], free[1]


async def _forget(context: str, *namespaces: str) -> None:
    cluster = Cluster.of(context)
    try:
        for namespace in namespaces:
            await cluster.delete(NAMESPACES, namespace)
    finally:
        await cluster.close()
