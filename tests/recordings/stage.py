"""Carries a scenario out on a real cluster, with a watcher that listens from the moment of the change."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.recordings.documents import RELEASE, Document
from tests.recordings.recorder import Recorder
from tests.recordings.scenarios import Scenario

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.gathering import ClusterWitness
from flaskship.engines.kubernetes.observing.observed import Target
from flaskship.engines.kubernetes.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    JOBS,
    NAMESPACES,
    PODS,
    QUOTAS,
    ROLLOUTS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)
from flaskship.engines.kubernetes.watching import Watcher
from flaskship.model.errors import FlaskshipError
from flaskship.model.snapshot import ReleaseState, Snapshot
from flaskship.model.verdict import Verdict
from flaskship.verification.judge import judge

RESOURCES: dict[str, Resource] = {
    one.kind: one for one in (CONFIG_MAPS, DEPLOYMENTS, JOBS, QUOTAS, ROLLOUTS, SERVICES, STATEFUL_SETS)
} | {"LimitRange": Resource("v1", "LimitRange", "limitranges")}
WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "Job")
WORDS = frozenset(
    {
        "CrashLoopBackOff",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "StartError",
        "OOMKilled",
        "Unschedulable",
        "FailedCreate",
        "FailedMount",
        "ProgressDeadlineExceeded",
        "BackoffLimitExceeded",
        "InvalidSpec",
        "RolloutAborted",
    }
)
"""The words by which a cluster says that something will not come up by itself."""


@dataclass
class Outcome:
    """What a scenario came to; times are Unix seconds of this machine."""

    verdict: Verdict | None
    snapshots: list[Snapshot]
    applied_at: float
    signal_at: float | None
    verdict_at: float
    recorder: Recorder
    until: float = 0.0
    target: Target = field(default_factory=lambda: Target("dev", "", RELEASE))

    @property
    def seconds(self) -> float:
        """From the first terminal signal to the verdict."""
        return self.verdict_at - (self.signal_at or self.applied_at)


async def carry_out(cluster: Cluster, namespace: str, scenario: Scenario, linger: float = 0.0) -> Outcome:
    """Run what is old, make the change, follow to the verdict, and listen on for a while."""
    async with place_for(cluster, namespace, scenario):
        if scenario.old:
            await apply_all(cluster, namespace, scenario.old)
            await settle(cluster, namespace, scenario.old)
        await apply_all(cluster, namespace, scenario.before)
        # The cluster counts whole seconds: what was made in the last one is not of this change.
        await asyncio.sleep(1.1)
        applied_at = time.time()
        await apply_all(cluster, namespace, scenario.new)
        target = _target(namespace, applied_at, scenario)
        witness = ClusterWitness(cluster, namespace)
        recorder = Recorder(cluster, witness, time.time)
        outcome = Outcome(None, [], applied_at, None, 0.0, recorder, target=target)
        await _follow(cluster, Watcher(recorder, recorder, namespace), scenario, outcome, linger)
    return outcome


async def _follow(
    cluster: Cluster, watcher: Watcher, scenario: Scenario, outcome: Outcome, linger: float
) -> None:
    async def find() -> Target:
        return outcome.target

    killed = not scenario.kill_old
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(scenario.seconds), aclosing(watcher.follow(find)) as snapshots:
            async for snapshot in snapshots:
                outcome.snapshots.append(snapshot)
                if not killed:
                    await _kill_old(cluster, snapshot)
                    killed = True
                if outcome.verdict is None:
                    outcome.verdict = judge(snapshot, time.time())
                    outcome.verdict_at = time.time()
                if outcome.verdict is not None and time.time() - outcome.verdict_at >= linger:
                    break
    outcome.until = time.time()
    outcome.signal_at = first_signal(outcome.recorder.rows, outcome.applied_at, scenario.signal)
    if outcome.signal_at is not None and outcome.verdict is not None:
        # A first end that cannot be mended by another try is told before the cluster has a word for it.
        outcome.signal_at = min(outcome.signal_at, outcome.verdict_at)


def first_signal(
    rows: list[dict[str, Any]], applied_at: float, said: tuple[str, int] | None = None
) -> float | None:
    """Return when the cluster first said that the change fails.

    That is a word of WORDS, a second failed end, a replica that is not ready any more, or its scenario's own.
    """
    ready: set[str] = set()
    for row in rows:
        for kind, document in _documents(row):
            if not _is_new(kind, document, applied_at):
                continue
            if _says(kind, document) or _so_often(kind, document, said):
                return float(row["at"])
            if kind == "Pod" and _lost(document, ready):
                return float(row["at"])
    return None


def _so_often(kind: str, document: dict[str, Any], said: tuple[str, int] | None) -> bool:
    if said is None or kind != "Event":
        return False
    return document.get("message") == said[0] and (document.get("count") or 1) >= said[1]


def _lost(pod: dict[str, Any], ready: set[str]) -> bool:
    uid, conditions = pod["metadata"]["uid"], (pod.get("status") or {}).get("conditions") or ()
    now = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    if now:
        ready.add(uid)
    return not now and uid in ready and "deletionTimestamp" not in pod["metadata"]


def _documents(row: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    if "watch" in row:
        return [(row["watch"], row["object"])]
    return [(row["list"], one) for one in row.get("items", ())] if "list" in row else []


def _is_new(kind: str, document: dict[str, Any], applied_at: float) -> bool:
    from datetime import datetime

    if kind in ("Deployment", "Rollout", "StatefulSet"):
        return True
    made = datetime.fromisoformat(document["metadata"]["creationTimestamp"]).timestamp()
    return made >= int(applied_at)


def _says(kind: str, document: dict[str, Any]) -> bool:
    if kind == "Event":
        killing = document.get("reason") == "Killing" and " probe" in document.get("message", "")
        # The first failure of a mount is everyday: a kubelet that has just met the pod knows nothing of it.
        again = document.get("reason") != "FailedMount" or (document.get("count") or 1) > 1
        return (document.get("reason") in WORDS and again) or (killing and document.get("count", 1) > 1)
    status = document.get("status") or {}
    statuses = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    if any(one.get("restartCount", 0) and _ended(one.get("state")) for one in statuses):
        return True
    return any(f'"{word}"' in str(status).replace("'", '"') for word in WORDS)


def _ended(state: dict[str, Any] | None) -> bool:
    return "terminated" in (state or {})


async def _kill_old(cluster: Cluster, snapshot: Snapshot) -> None:
    old = next(one for one in snapshot.workloads[0].replicas if not one.current)
    path = PODS.path(snapshot.namespace, f"{old.name}:5000", "proxy") + "/die"
    with contextlib.suppress(FlaskshipError):  # it dies before it has answered
        await cluster.ask("GET", path, "end an old pod's process", patience=5.0)


def _target(namespace: str, applied_at: float, scenario: Scenario) -> Target:
    expected = {
        (one["kind"], one["metadata"]["name"])
        for one in (*scenario.old, *scenario.new)
        if one["kind"] in WORKLOADS
    }
    release = ReleaseState(RELEASE, 2, 1, None, applied_at)
    return Target("dev", namespace, RELEASE, release, tuple(sorted(expected)))


async def apply_all(cluster: Cluster, namespace: str, documents: tuple[Document, ...]) -> None:
    for one in documents:
        await cluster.apply(RESOURCES[one["kind"]], one, namespace, manager="helm", force=True)


async def settle(cluster: Cluster, namespace: str, documents: tuple[Document, ...]) -> None:
    target = Target(
        "dev",
        namespace,
        RELEASE,
        ReleaseState(RELEASE, 1),
        tuple((one["kind"], one["metadata"]["name"]) for one in documents if one["kind"] in WORKLOADS),
    )

    async def find() -> Target:
        return target

    watcher = Watcher(cluster, ClusterWitness(cluster, namespace), namespace)
    async with asyncio.timeout(120), aclosing(watcher.follow(find)) as snapshots:
        async for snapshot in snapshots:
            if all(one.complete for one in snapshot.workloads):
                return


@asynccontextmanager
async def place_for(cluster: Cluster, name: str, scenario: Scenario) -> AsyncIterator[None]:
    await cluster.create(NAMESPACES, {"metadata": {"name": name, "labels": scenario.namespace}})
    try:
        yield
    finally:
        await cluster.delete(NAMESPACES, name)
