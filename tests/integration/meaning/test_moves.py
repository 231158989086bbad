"""Strategies, budgets, autoscalers, Jobs and the entrance on real processes."""

import urllib.error
import urllib.request
from typing import Any

import pytest
from tests.contract.documents import deployment, service
from tests.contract.harness import annotated, complete, locked, uids
from tests.contract.local import IMAGE
from tests.integration.meaning.conftest import Stage

from flaskship.engines.base import Restart, Scale
from flaskship.model.release import Document
from flaskship.model.snapshot import Phase, Snapshot
from flaskship.verification.judge import causes


def of(api: str, kind: str, name: str, spec: dict[str, Any]) -> Document:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


def job(stage: Stage, command: list[str], pod: dict[str, Any] | None = None, **spec: Any) -> Document:
    containers = [{"name": "job", "image": IMAGE, "command": command}]
    template = {"spec": {"restartPolicy": "Never", "containers": containers, **(pod or {})}}
    return of("batch/v1", "Job", "job", {"template": template, **spec})


async def test_recreate_ends_every_old_replica_before_a_new_one_starts(stage: Stage) -> None:
    spec = {"strategy": {"type": "Recreate"}}
    await stage.succeed(stage.workload(spec=spec))
    await stage.until(lambda _: "main" in stage.lines())
    await stage.succeed(stage.workload(spec=spec, command=stage.serves("next")))
    await stage.until(lambda _: "next" in stage.lines())
    assert stage.lines() == ["main", "main-end", "next"]


async def test_a_ready_replica_is_available_after_min_ready_seconds(stage: Stage) -> None:
    await stage.apply(stage.workload(spec={"minReadySeconds": 3}))
    found = await stage.until(lambda now: now.workloads[0].ready == 1)
    assert (found.workloads[0].available, found.workloads[0].complete) == (0, False)
    done = await stage.until(complete)
    replica = done.workloads[0].replicas[0]
    assert replica.ready_at is not None
    assert done.at - replica.ready_at >= 3


async def test_a_restart_keeps_the_disruption_budget(stage: Stage) -> None:
    """The strategy alone would end all three at once."""
    spec = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}}
    selector = {"matchLabels": {"app.kubernetes.io/name": "web"}}
    budget = of("policy/v1", "PodDisruptionBudget", "web", {"maxUnavailable": 1, "selector": selector})
    before = await stage.succeed(stage.workload(spec=spec, replicas=3), budget)
    await stage.steer("web", Restart())
    seen: list[int] = []

    def replaced(now: Snapshot) -> bool:
        seen.append(now.workloads[0].ready)
        return complete(now) and not uids(now) & uids(before)

    await stage.until(replaced)
    assert min(seen) >= 2


async def test_what_was_restarted_is_not_replaced_again_by_a_deploy_that_leaves_its_template(
    stage: Stage,
) -> None:
    """As on a cluster, where the restart's annotation outlives an upgrade and a rollback."""
    before = await stage.succeed(stage.workload())
    await stage.steer("web", Restart())
    restarted = await stage.until(lambda now: complete(now) and not uids(now) & uids(before))
    after = await stage.succeed(annotated(stage.workload(), turn="2"))
    assert after.release is not None
    assert after.release.revision == 2
    assert uids(after) == uids(restarted)


async def test_a_rollout_after_a_restart_is_bounded_by_its_strategy_alone(stage: Stage) -> None:
    """A budget bounds what is done on purpose to what runs: here it would forbid every step."""
    spec = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}
    selector = {"matchLabels": {"app.kubernetes.io/name": "web"}}
    loose = of("policy/v1", "PodDisruptionBudget", "web", {"maxUnavailable": 1, "selector": selector})
    before = await stage.succeed(stage.workload(spec=spec), loose)
    await stage.steer("web", Restart())
    restarted = await stage.until(lambda now: complete(now) and not uids(now) & uids(before))
    strict = of("policy/v1", "PodDisruptionBudget", "web", {"minAvailable": 1, "selector": selector})
    after = await stage.succeed(stage.workload(spec=spec, command=stage.serves("next")), strict)
    assert not uids(after) & uids(restarted)


async def test_going_back_brings_the_config_maps_and_secrets_of_that_revision(stage: Stage) -> None:
    """Both keep their names, so that nothing but the revision's own manifests can tell their content."""

    def documents(value: str) -> tuple[Document, ...]:
        names = [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "door"}}]
        return (
            stage.workload(command=stage.serves("$A-$B"), container={"envFrom": names}),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"A": value}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "door"}, "stringData": {"B": value}},
        )

    async def restarted_says() -> str:
        before, said = await stage.engine.observe(stage.name), len(stage.lines())
        await stage.steer("web", Restart())
        await stage.until(lambda now: complete(now) and not uids(now) & uids(before))
        await stage.until(lambda _: any(not line.endswith("-end") for line in stage.lines()[said:]))
        return next(line for line in stage.lines()[said:] if not line.endswith("-end"))

    await stage.succeed(*documents("1"))
    await stage.succeed(*documents("2"))
    assert await restarted_says() == "2-2"
    first = await stage.engine.recall(stage.name, 1)
    async with locked(stage.engine, stage.name) as lock:
        await stage.engine.apply(first, lock)
    await stage.until(complete)
    assert await restarted_says() == "1-1"


async def test_higher_priority_starts_first(stage: Stage) -> None:
    high = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "high"},
        "value": 9,
    }
    first = stage.workload(name="zz", pod={"priorityClassName": "high"})
    await stage.succeed(high, stage.workload(name="aa"), first)
    created = [e.object for e in await stage.engine.events(stage.name) if e.reason == "Created"]
    assert [name[:2] for name in created] == ["zz", "aa"]


async def test_an_autoscaler_moves_the_count_and_a_user_moves_it_after_that(stage: Stage) -> None:
    """On memory: one look is enough for it. The default policy allows four more at once, the bound two."""
    target = {"type": "AverageValue", "averageValue": "64Ki"}
    metrics = [{"type": "Resource", "resource": {"name": "memory", "target": target}}]
    scaler = of(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "web",
        {
            "scaleTargetRef": {"kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": metrics,
        },
    )
    first = await stage.succeed(stage.workload(replicas=2), scaler)
    assert first.workloads[0].desired == 1
    await stage.until(lambda now: complete(now) and now.workloads[0].desired == 3)
    assert "SuccessfulRescale" in await stage.reasons()
    await stage.steer("web", Scale(2))
    await stage.until(lambda now: complete(now) and now.workloads[0].desired == 2)
    # The next deploy gives the workload back to its autoscaler, which goes on where it was.
    again = await stage.succeed(stage.workload(replicas=2), scaler)
    assert again.workloads[0].desired == 3


async def test_a_claim_is_one_folder_for_every_replica_and_outlives_them(stage: Stage) -> None:
    claim = of("v1", "PersistentVolumeClaim", "data", {"accessModes": ["ReadWriteOnce"], "resources": {}})
    container = {
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "env": [{"name": "DATA", "value": "/data"}],
        "command": stage.serves("up", first="echo x >> $DATA/seen; echo seen-$(wc -l < $DATA/seen) >> $J;"),
    }
    pod = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    await stage.succeed(claim, stage.workload(container=container, pod=pod, replicas=2))
    await stage.until(lambda _: stage.lines().count("up") == 2)
    async with locked(stage.engine, stage.name) as lock:
        await stage.engine.delete(stage.name, lock)
    await stage.succeed(claim, stage.workload(container=container, pod=pod))
    await stage.until(lambda _: stage.lines().count("up") == 3)
    assert "seen-2" in stage.lines()
    assert [line for line in stage.lines() if line.startswith("seen-")][-1] == "seen-3"


async def test_a_job_runs_its_completions_side_by_side(stage: Stage) -> None:
    await stage.apply(job(stage, stage.says("done"), completions=3, parallelism=2))
    await stage.until(lambda now: now.workloads[0].phase is Phase.HEALTHY)
    assert stage.lines() == ["done"] * 3


async def test_a_job_without_retries_fails_at_once(stage: Stage) -> None:
    await stage.apply(job(stage, stage.shell("echo tried >> $J; exit 4"), backoffLimit=0))
    await stage.until(lambda now: now.workloads[0].phase is Phase.DEGRADED)
    assert stage.lines() == ["tried"]


async def test_a_job_whose_init_container_fails_in_place_ends_at_its_limit(stage: Stage) -> None:
    init = {"name": "init", "image": IMAGE, "command": stage.shell("echo tried >> $J; exit 4")}
    pod = {"restartPolicy": "OnFailure", "initContainers": [init]}
    await stage.apply(job(stage, stage.says("never"), pod, backoffLimit=1))
    await stage.until(lambda now: now.workloads[0].phase is Phase.DEGRADED)
    # The first restart reaches the limit: whether it comes to anything before its end is chance.
    assert stage.lines() in (["tried"], ["tried", "tried"])


async def test_a_job_is_ended_at_its_deadline(stage: Stage) -> None:
    await stage.apply(job(stage, stage.serves("main"), activeDeadlineSeconds=2))
    await stage.until(lambda now: now.workloads[0].phase is Phase.DEGRADED)
    await stage.until(lambda _: stage.lines() == ["main", "main-end"])


@pytest.mark.parametrize(
    ("policy", "script", "limits", "why"),
    [
        ("Never", "echo row 7 of 9; sleep 60", {"activeDeadlineSeconds": 2}, "activeDeadlineSeconds: 2"),
        ("Never", "echo row 7 of 9; exit 4", {"backoffLimit": 0}, "backoffLimit: 0"),
        ("OnFailure", "echo row 7 of 9; exit 4", {"backoffLimit": 1}, "backoffLimit: 1"),
    ],
)
async def test_a_job_that_gave_up_tells_its_last_lines_when_nothing_of_it_is_left(
    stage: Stage, policy: str, script: str, limits: dict[str, int], why: str
) -> None:
    await stage.apply(job(stage, ["/bin/sh", "-c", script], {"restartPolicy": policy}, **limits))
    await stage.until(lambda now: now.workloads[0].phase is Phase.DEGRADED)
    left = (policy, limits) == ("Never", {"backoffLimit": 0})
    found = await stage.until(lambda now: left or not now.workloads[0].replicas)
    (cause,) = causes(found, found.at)
    assert (cause.code, cause.evidence[-1]) == ("JobFailed", "row 7 of 9")
    assert why in cause.message


async def test_a_job_ends_although_its_sidecar_would_not(stage: Stage) -> None:
    side = {"name": "side", "image": IMAGE, "restartPolicy": "Always", "command": stage.serves("side")}
    await stage.apply(job(stage, stage.says("done"), {"initContainers": [side]}))
    await stage.until(lambda now: now.workloads[0].phase is Phase.HEALTHY)
    assert stage.lines()[-1] == "side-end"


async def test_an_ingress_routes_by_host_and_path(stage: Stage) -> None:
    def path(where: str, to: str) -> dict[str, Any]:
        backend = {"service": {"name": to, "port": {"name": "http"}}}
        return {"path": where, "pathType": "Prefix", "backend": backend}

    rules = [
        {"host": "api.mytomorrows.com", "http": {"paths": [path("/", "api"), path("/admin", "admin")]}},
        {"host": "lost.mytomorrows.com", "http": {"paths": [path("/", "nobody")]}},
    ]
    entrance = of("networking.k8s.io/v1", "Ingress", "my-app-ingress", {"rules": rules})
    server = (
        "import http.server as h, os\n"
        "class A(h.BaseHTTPRequestHandler):\n"
        " def do_GET(self):\n"
        "  self.send_response(200); self.end_headers(); self.wfile.write(os.environ['WHO'].encode())\n"
        "h.ThreadingHTTPServer((os.environ['POD_IP'], 5000), A).serve_forever()\n"
    )
    two = [
        deployment(one, IMAGE, command=["python", "-u", "-c", server], env={"WHO": f"the-{one}"})
        for one in ("api", "admin")
    ]
    found = await stage.succeed(*two, service("api"), service("admin"), entrance)
    [api] = [one for one in found.workloads if one.name == "api"]
    url = api.endpoints[-1]
    assert url.startswith("http://api.mytomorrows.com.localhost:")
    port = url.rpartition(":")[2]
    ask = f"http://127.0.0.1:{port}"
    assert _get(ask, "api.mytomorrows.com") == (200, "the-api")
    assert _get(ask, f"api.mytomorrows.com.localhost:{port}") == (200, "the-api")
    assert _get(f"{ask}/admin/x", "api.mytomorrows.com") == (200, "the-admin")
    assert _get(f"{ask}/administrator", "api.mytomorrows.com") == (200, "the-api")
    assert _get(ask, "other.example")[0] == 404
    assert _get(ask, "lost.mytomorrows.com")[0] == 503
    assert any("no Service nobody" in note for note in found.notes)
    # The place stays over a stop.
    await stage.delete()
    again = await stage.succeed(*two, service("api"), service("admin"), entrance)
    assert url in [one.endpoints[-1] for one in again.workloads]


def _get(url: str, host: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
