"""Pause, resume, abort, scale and restart on a real cluster, and whose fields they leave behind."""

import asyncio
import contextlib
import copy
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from tests.cluster.reach import connect
from tests.recordings.documents import RELEASE, Document, container, python, rollout, service, workload
from tests.recordings.scenarios import Scenario
from tests.recordings.stage import RESOURCES, apply_all, place_for, settle

from flaskship.engines.base import Abort, Action, Pause, Restart, Resume, Scale
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ConflictError
from flaskship.engines.kubernetes.gathering import ClusterWitness
from flaskship.engines.kubernetes.happenings import events
from flaskship.engines.kubernetes.log_stream import read_logs
from flaskship.engines.kubernetes.observing.observed import Target
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import AUTOSCALERS, DEPLOYMENTS
from flaskship.engines.kubernetes.steering import Stage, steer
from flaskship.engines.kubernetes.watching import Watcher
from flaskship.model.errors import ConfigurationError
from flaskship.model.snapshot import Phase, ReleaseState, Snapshot, WorkloadSnapshot
from flaskship.verification.judge import judge

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]
WAITING = {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": [{"setWeight": 50}, {"pause": {}}]}}
PREVIEW = {
    "blueGreen": {"activeService": "active", "previewService": "preview", "autoPromotionEnabled": False}
}


@dataclass
class Bench:
    """A namespace with one release, applied as Helm applies it."""

    cluster: Cluster
    namespace: str
    documents: tuple[Document, ...] = ()
    earlier: tuple[Document, ...] = ()

    async def install(self, *documents: Document) -> None:
        await self.apply(*documents)
        await settle(self.cluster, self.namespace, documents)

    async def apply(self, *documents: Document) -> None:
        self.earlier, self.documents = self.documents, documents
        await apply_all(self.cluster, self.namespace, documents)

    async def steer(self, action: Action, name: str = "web") -> None:
        place = Place("dev", RELEASE, self.namespace)
        stage = Stage(self.cluster, place, self.documents, self.earlier, self.cluster.now())
        await steer(stage, name, action)

    async def until(self, done: Callable[[WorkloadSnapshot], bool], seconds: float = 60) -> Snapshot:
        async def find() -> Target:
            return Target("dev", self.namespace, RELEASE, ReleaseState(RELEASE, 2, 1, None, 0.0))

        watcher = Watcher(self.cluster, ClusterWitness(self.cluster, self.namespace), self.namespace)
        last = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(watcher.follow(find)) as snapshots:
                async for snapshot in snapshots:
                    last = snapshot
                    if snapshot.workloads and done(snapshot.workloads[0]):
                        return snapshot
        raise AssertionError(f"never came; last: {last}")

    async def live(self) -> dict[str, Any]:
        return await self.cluster.get(DEPLOYMENTS, "web", self.namespace)


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    cluster, name = connect(), f"steering-{secrets.token_hex(3)}"
    async with place_for(cluster, name, Scenario("steering", ())):
        yield Bench(cluster, name)
    await cluster.close()


def coloured(colour: str, **more: Any) -> Document:
    return container(env=[{"name": colour.upper(), "value": colour}], **more)


def held(colour: str) -> Document:
    """One that never becomes ready: its rollout stands still."""
    return coloured(colour, readinessProbe={"httpGet": {"path": "/never", "port": 5000}})


def done(one: WorkloadSnapshot) -> bool:
    return one.complete


async def test_a_canary_that_waits_is_no_verdict_and_goes_on_when_resumed(bench: Bench) -> None:
    await bench.install(rollout(strategy=WAITING, replicas=2))
    await bench.apply(rollout(coloured("red"), WAITING, replicas=2))
    waiting = await bench.until(lambda one: one.phase is Phase.PAUSED and one.updated == 1)
    assert judge(waiting, time.time()) is None
    assert {one.current for one in waiting.workloads[0].replicas} == {False, True}
    await bench.steer(Resume())
    assert (await bench.until(done)).workloads[0].phase is Phase.HEALTHY


async def test_a_canary_that_is_aborted_goes_back_to_what_was_stable(bench: Bench) -> None:
    await bench.install(rollout(strategy=WAITING, replicas=2))
    await bench.apply(rollout(coloured("red"), WAITING, replicas=2))
    await bench.until(lambda one: one.phase is Phase.PAUSED)
    await bench.steer(Abort())
    aborted = await bench.until(lambda one: one.phase is Phase.DEGRADED and one.problem is not None)
    verdict = judge(aborted, time.time())
    assert verdict is not None
    assert [one.code for one in verdict.causes] == ["RolloutAborted"]
    stable = await bench.until(lambda one: one.ready == 2 and not any(r.current for r in one.replicas))
    assert not stable.workloads[0].complete


async def test_a_blue_green_preview_is_promoted_when_resumed(bench: Bench) -> None:
    await bench.install(service("active"), service("preview"), rollout(strategy=PREVIEW))
    # The Services stay as Argo Rollouts has made them: their selectors are its own by now.
    await bench.apply(rollout(coloured("green"), PREVIEW))
    preview = await bench.until(lambda one: one.phase is Phase.PAUSED and one.updated == 1)
    assert judge(preview, time.time()) is None
    await bench.steer(Resume())
    assert (await bench.until(done)).workloads[0].phase is Phase.HEALTHY


async def test_a_rollout_is_held_scaled_and_restarted(bench: Bench) -> None:
    await bench.install(rollout(strategy=WAITING))
    await bench.steer(Pause())
    await bench.until(lambda one: one.paused)
    await bench.steer(Resume())
    await bench.steer(Scale(2))
    before = await bench.until(lambda one: one.complete and one.desired == 2)
    old = {one.uid for one in before.workloads[0].replicas}
    await bench.steer(Restart())
    await bench.until(lambda one: one.complete and not old & {replica.uid for replica in one.replicas}, 90)


async def test_an_aborted_update_leaves_nothing_of_itself_and_helm_the_owner(bench: Bench) -> None:
    await bench.install(workload(coloured("red")))
    await bench.apply(workload(held("blue")))
    await bench.until(lambda one: one.updated == 1)
    await bench.steer(Abort())
    await bench.until(done)
    assert [one["name"] for one in env_of(await bench.live())] == ["RED"]
    # The next deploy meets no other owner, and finds no field of ours.
    third = workload(coloured("green"))
    await bench.cluster.apply(DEPLOYMENTS, third, bench.namespace, manager="helm")
    assert [one["name"] for one in env_of(await bench.live())] == ["GREEN"]


async def test_what_somebody_else_set_would_be_a_conflict(bench: Bench) -> None:
    """The near miss of the test above: with another owner, Helm's own apply is refused."""
    await bench.install(workload(coloured("red")))
    body = {"spec": {"replicas": 2}}
    await bench.cluster.patch(DEPLOYMENTS, "web", body, bench.namespace, manager="somebody")
    with pytest.raises(ConflictError):
        await bench.cluster.apply(DEPLOYMENTS, workload(), bench.namespace, manager="helm")


async def test_a_scale_lasts_until_the_next_deploy_and_leaves_helm_the_owner(bench: Bench) -> None:
    await bench.install(workload())
    await bench.steer(Scale(2))
    await bench.until(lambda one: one.complete and one.desired == 2)
    await bench.cluster.apply(DEPLOYMENTS, workload(), bench.namespace, manager="helm")
    await bench.until(lambda one: one.complete and one.desired == 1)


async def test_what_an_autoscaler_scales_is_not_scaled_by_hand(bench: Bench) -> None:
    await bench.install(workload())
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web-hpa"},
        "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3},
    }
    await bench.cluster.apply(AUTOSCALERS, scaler, bench.namespace)
    with pytest.raises(ConfigurationError, match="web-hpa"):
        await bench.steer(Scale(2))


async def test_a_paused_deployment_waits_and_goes_on(bench: Bench) -> None:
    await bench.install(workload())
    await bench.steer(Pause())
    await bench.apply(workload(coloured("red")))
    held_up = await bench.until(lambda one: one.paused)
    await asyncio.sleep(2)
    assert judge(held_up, time.time() + 3600) is None
    assert not any(one.current for one in (await bench.until(lambda one: one.paused)).workloads[0].replicas)
    await bench.steer(Resume())
    await bench.until(done)
    assert "paused" not in (await bench.live())["spec"]


async def test_a_restart_replaces_every_replica_without_a_gap(bench: Bench) -> None:
    await bench.install(workload(replicas=2))
    before = {one.uid for one in (await bench.until(done)).workloads[0].replicas}
    lowest: list[int] = []
    await bench.steer(Restart())

    def replaced(one: WorkloadSnapshot) -> bool:
        lowest.append(one.ready)
        return one.complete and not before & {replica.uid for replica in one.replicas}

    await bench.until(replaced)
    assert min(lowest) >= 2
    told = [one for one in await events(bench.cluster, bench.namespace) if one.reason == "Restarting"]
    assert [one.object for one in told] == ["Deployment/web"]


async def test_a_workload_that_is_not_there_is_refused_by_name(bench: Bench) -> None:
    await bench.install(workload())
    with pytest.raises(ConfigurationError, match="wbe"):
        await bench.steer(Restart(), "wbe")


async def test_logs_are_followed_across_a_crash_and_a_new_replica(bench: Bench) -> None:
    speaks = python(
        "import time\nfor n in range(4):\n print('line', n, flush=True); time.sleep(0.5)\nraise SystemExit(3)"
    )
    await bench.apply(workload(container(command=speaks), deadline=600))
    told: list[str] = []
    replicas: set[str] = set()
    lines = read_logs(bench.cluster, bench.namespace, RELEASE, "web", tail=100, follow=True)
    async with asyncio.timeout(90), aclosing(lines):
        async for line in lines:
            told.append(line.text)
            replicas.add(line.replica)
            if told.count("line 3") == 2 and len(replicas) == 1:
                changed = copy.deepcopy(workload(coloured("red", command=speaks), deadline=600))
                await bench.apply(changed)
            if len(replicas) == 2:
                break
    first_two_runs = [f"line {number}" for number in range(4)] * 2
    assert told[:8] == first_two_runs
    assert RESOURCES["Deployment"] == DEPLOYMENTS


def env_of(live: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live["spec"]["template"]["spec"]["containers"][0]["env"]
    return found
