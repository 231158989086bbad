"""Order, hooks and configuration of containers, as Kubernetes' documentation of the pod lifecycle has it."""

import asyncio
from typing import Any

import pytest
from tests.contract.local import IMAGE
from tests.integration.meaning.conftest import Stage

from flaskship.engines.base import Scale
from flaskship.engines.local.spawner.landlock import version
from flaskship.model.snapshot import KilledBy, Snapshot
from flaskship.verification.judge import judge


def gone(snapshot: Snapshot) -> bool:
    return not snapshot.workloads[0].replicas


async def test_init_containers_run_in_order_and_a_sidecar_gates_the_next_by_its_startup_probe(
    stage: Stage,
) -> None:
    ready = stage.journal.with_name("started")
    side = {
        "name": "side",
        "image": IMAGE,
        "restartPolicy": "Always",
        "command": stage.serves("side", first=f"sleep 1; echo side-up >> $J; touch {ready};"),
        "startupProbe": {"exec": {"command": ["test", "-f", str(ready)]}, "periodSeconds": 1},
    }
    pod = {
        "initContainers": [
            {"name": "first", "image": IMAGE, "command": stage.says("first")},
            side,
            {"name": "second", "image": IMAGE, "command": stage.says("second")},
        ]
    }
    await stage.succeed(stage.workload(pod=pod))
    lines = stage.lines()
    assert lines[0] == "first"
    assert lines.index("side-up") < lines.index("second") < lines.index("main")
    await stage.steer("web", Scale(0))
    await stage.until(gone)
    assert stage.lines()[-2:] == ["main-end", "side-end"]


async def test_an_init_container_that_still_runs_at_the_deadline_is_named_with_what_it_says(
    stage: Stage,
) -> None:
    script = "echo the database cannot be reached >&2; while :; do sleep 0.05; done"
    pod = {"initContainers": [{"name": "migrate", "image": IMAGE, "command": stage.shell(script)}]}
    await stage.apply(stage.workload(pod=pod, spec={"progressDeadlineSeconds": 2}))
    found = await stage.until(lambda now: judge(now, now.at) is not None)
    verdict = judge(found, found.at)
    assert verdict is not None
    (cause,) = verdict.causes
    assert cause.code == "ProgressDeadlineExceeded"
    assert "The initContainer migrate still runs" in cause.message
    assert cause.evidence == ("the database cannot be reached",)


async def test_a_sidecar_that_is_not_ready_keeps_its_replica_from_being_ready(stage: Stage) -> None:
    side = {
        "name": "side",
        "image": IMAGE,
        "restartPolicy": "Always",
        "command": stage.serves("side"),
        "readinessProbe": {"exec": {"command": ["test", "-f", str(stage.journal.with_name("go"))]}},
    }
    await stage.apply(stage.workload(pod={"initContainers": [side]}))
    found = await stage.until(lambda now: any(r.pid for r in now.workloads[0].replicas))
    assert found.workloads[0].ready == 0
    stage.journal.with_name("go").touch()
    await stage.until(lambda now: now.workloads[0].ready == 1)


@pytest.mark.parametrize("how", ["exec", "httpGet", "sleep"])
async def test_a_pre_stop_hook_is_over_before_the_signal(stage: Stage, how: str) -> None:
    server = (
        "import http.server as h, os, signal, sys\n"
        f"def say(w): open({str(stage.journal)!r}, 'a').write(w + '\\n')\n"
        "class A(h.BaseHTTPRequestHandler):\n"
        " def do_GET(self): say('asked'); self.send_response(200); self.end_headers()\n"
        " def log_message(self, *a): pass\n"
        "def end(*a): say('main-end'); os._exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "h.ThreadingHTTPServer((os.environ['POD_IP'], 5000), A).serve_forever()\n"
    )
    hooks: dict[str, Any] = {
        "exec": {"exec": {"command": stage.says("asked")}},
        "httpGet": {"httpGet": {"path": "/bye", "port": 5000}},
        "sleep": {"sleep": {"seconds": 1}},
    }
    container = {
        "lifecycle": {"preStop": hooks[how]},
        "ports": [{"containerPort": 5000}],
        "readinessProbe": {"tcpSocket": {"port": 5000}, "periodSeconds": 1},
    }
    pod = {"terminationGracePeriodSeconds": 20}
    await stage.succeed(stage.workload(command=["python", "-u", "-c", server], container=container, pod=pod))
    await stage.steer("web", Scale(0))
    await stage.until(gone)
    assert stage.lines() == (["main-end"] if how == "sleep" else ["asked", "main-end"])


async def test_a_pre_stop_hook_that_takes_too_long_leaves_a_moment_for_the_signal(stage: Stage) -> None:
    container = {"lifecycle": {"preStop": {"sleep": {"seconds": 3600}}}}
    pod = {"terminationGracePeriodSeconds": 2}
    await stage.succeed(stage.workload(container=container, pod=pod))
    await stage.until(lambda _: "main" in stage.lines())
    await stage.steer("web", Scale(0))
    await stage.until(gone)
    assert stage.lines()[-1] == "main-end"
    assert "FailedPreStopHook" in await stage.reasons()


async def test_who_ignores_the_signal_is_killed_after_the_grace(stage: Stage) -> None:
    stubborn = stage.shell("trap 'echo no >> $J' TERM; echo main >> $J; while :; do sleep 0.05; done")
    await stage.succeed(stage.workload(command=stubborn, pod={"terminationGracePeriodSeconds": 1}))
    await stage.until(lambda _: "main" in stage.lines())
    await stage.steer("web", Scale(0))
    await stage.until(gone)
    assert stage.lines() == ["main", "no"]


async def test_a_failed_liveness_probe_runs_the_pre_stop_hook_before_the_restart(stage: Stage) -> None:
    sick = stage.journal.with_name("sick")
    container = {
        "lifecycle": {"preStop": {"exec": {"command": stage.says("asked")}}},
        "livenessProbe": {
            "exec": {"command": ["test", "!", "-f", str(sick)]},
            "periodSeconds": 1,
            "failureThreshold": 1,
        },
    }
    await stage.succeed(stage.workload(container=container))
    await stage.until(lambda _: "main" in stage.lines())
    sick.touch()
    found = await stage.until(lambda now: any(r.exits for r in now.workloads[0].replicas))
    assert found.workloads[0].replicas[0].exits[0].killed_by is KilledBy.LIVENESS
    assert stage.lines()[:3] == ["main", "asked", "main-end"]


async def test_nothing_is_ready_before_the_post_start_hook_is_over(stage: Stage) -> None:
    go = stage.journal.with_name("go")
    hook = stage.shell(f"while [ ! -f {go} ]; do sleep 0.05; done; echo hooked >> $J")
    container = {"lifecycle": {"postStart": {"exec": {"command": hook}}}}
    await stage.apply(stage.workload(container=container))
    found = await stage.until(lambda _: "main" in stage.lines())
    assert found.workloads[0].ready == 0
    go.touch()
    await stage.until(lambda now: now.workloads[0].ready == 1)
    assert "hooked" in stage.lines()


async def test_a_failed_post_start_hook_ends_the_container(stage: Stage) -> None:
    container = {"lifecycle": {"postStart": {"exec": {"command": ["/bin/sh", "-c", "echo why; exit 3"]}}}}
    await stage.apply(stage.workload(container=container))
    found = await stage.until(lambda now: any(r.exits for r in now.workloads[0].replicas))
    replica = found.workloads[0].replicas[0]
    assert replica.exits[0].killed_by is KilledBy.POST_START
    assert replica.problem is not None
    assert "exit 3: why" in replica.problem.message
    assert "FailedPostStartHook" in await stage.reasons()


async def test_configuration_arrives_as_files_and_variables(stage: Stage) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"colour": "red"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "k1"}}
    container = {
        "env": [
            {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "colour"}}},
            {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "SPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
            {"name": "FILES", "value": "/etc/all"},
        ],
        "resources": {"limits": {"cpu": "250m"}},
        "volumeMounts": [{"name": "all", "mountPath": "/etc/all"}],
        "command": stage.serves(
            "up", first="echo $COLOUR $SPACE $CPU $NAME $(cat $FILES/colour $FILES/key $FILES/app) >> $J;"
        ),
    }
    sources = [
        {"configMap": {"name": "c"}},
        {"secret": {"name": "s"}},
        {
            "downwardAPI": {
                "items": [
                    {"path": "app", "fieldRef": {"fieldPath": "metadata.labels['app.kubernetes.io/name']"}}
                ]
            }
        },
    ]
    pod = {"volumes": [{"name": "all", "projected": {"sources": sources}}]}
    found = await stage.succeed(config, secret, stage.workload(container=container, pod=pod))
    await stage.until(lambda _: "up" in stage.lines())
    name = found.workloads[0].replicas[0].name
    assert stage.lines()[:4] == ["red", f"my-app-{stage.name}", "250", name]
    assert "".join(stage.lines()[4:-1]) == "redk1web"


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_read_only_root_keeps_the_images_files_as_they_are(stage: Stage, *, read_only: bool) -> None:
    """Also from root, whom no permission of a file stops; without it a replica writes into its image."""
    tries = 'try() { (echo x > "$2") 2> /dev/null && echo "$1 written" || echo "$1 refused"; };'
    name = f"written-by-{stage.name}"
    run = f"{tries} try image {name}; try volume $DATA/file; try null /dev/null; exec sleep 600"
    container = {
        "securityContext": {"readOnlyRootFilesystem": read_only},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "env": [{"name": "DATA", "value": "/data"}],
        "command": stage.shell(run),
    }
    await stage.succeed(
        stage.workload(container=container, pod={"volumes": [{"name": "data", "emptyDir": {}}]})
    )

    async def said() -> list[str]:
        return [line.text async for line in stage.engine.logs(stage.name, None)]

    await stage.until(lambda _: True)
    while len(await said()) < 3:
        await asyncio.sleep(0.05)
    image = "refused" if read_only and version() else "written"
    assert await said() == [f"image {image}", "volume written", "null written"]
