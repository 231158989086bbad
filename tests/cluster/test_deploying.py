"""Deploys on a real cluster: install, update under load, undo, and what Helm says of it all."""

import asyncio

import pytest
from tests.cluster.town import API, PATIENT, WORKER, Town

from flaskship.engines.kubernetes.resources import CONFIG_MAPS, DEPLOYMENTS, PODS, SECRETS
from flaskship.verification.receipt import check_health, drive

BROKEN = ("--set", f"applications.{API}.command={{/bin/false}}")


async def test_an_install_is_healthy_where_users_go_and_known_to_helm(town: Town) -> None:
    deployed = (await town.go("deploy", "dev", "--reason", "first")).succeeded()
    assert deployed.document["release"] == {"name": "dev-apps", "revision": 1, "previous": None}
    assert deployed.outcome == "successful"
    answer = await check_health(f"{await town.address()}/health", 5)
    assert answer.ok
    assert '"healthy"' in answer.body
    (stored,) = (await town.cluster.list(SECRETS, town.namespace(), labels="owner=helm")).items
    assert stored["metadata"]["labels"]["status"] == "deployed"
    deployment = await town.cluster.get(DEPLOYMENTS, API, town.namespace())
    assert "helm" in {one["manager"] for one in deployment["metadata"]["managedFields"]}
    status = (await town.go("status")).succeeded().document
    assert [one["ready"] for one in status["applications"]] == [1, 1]


async def test_an_update_under_load_loses_no_request(town: Town) -> None:
    (await town.go("deploy", "dev", *PATIENT)).succeeded()
    stop = asyncio.Event()
    driving = asyncio.ensure_future(drive(f"{await town.address()}/health", until=stop))
    update = (await town.go("deploy", "dev", *PATIENT, "--set", "defaults.logLevel=INFO")).succeeded()
    stop.set()
    seen = await driving
    receipt = update.document["receipt"]
    print(f"the deploy's own receipt: {receipt}; the test's: {seen}")
    assert receipt["sent"] > 50
    assert receipt["failed"] == 0
    assert seen.failed == 0
    history = (await town.go("history")).document["revisions"]
    assert [one["outcome"] for one in history] == ["successful", "successful"]


async def test_an_update_in_the_middle_of_another_has_traffic_too(town: Town) -> None:
    first = (await town.go("deploy")).succeeded().document
    assert (first["receipt"], first["receipt_reason"]) == (None, "no application answered HTTP before")
    late = f"applications.{API}.probes.startup.initialDelaySeconds=60"
    unfinished = await town.go("deploy", "dev", "--timeout", "3", "--no-rollback", "--set", late)
    assert unfinished.code == 70, unfinished.progress
    assert unfinished.document["receipt"]["sent"] > 0
    moved = (await town.go("deploy", "dev", "--max-failed", "0")).succeeded().document
    receipt = moved["receipt"]
    print(f"an update over an unfinished one: {receipt}")
    assert receipt["sent"] > 0
    assert receipt["failed"] == 0


async def test_a_failure_goes_back_with_the_configuration_that_was(town: Town) -> None:
    (await town.go("deploy", "dev", *PATIENT)).succeeded()
    before = await configuration(town)
    update = ("--set", "defaults.logLevel=WARNING")
    failing = asyncio.ensure_future(town.go("deploy", "dev", *PATIENT, *update, *BROKEN))
    old = await killed_in_the_middle(town)
    failed = await failing
    assert failed.code == 1
    assert failed.codes == {"ExitNonZero"}
    assert failed.document["rolled_back_to"] == 1
    # The container that died in the middle came back with its own revision's configuration.
    pod = await town.cluster.get(PODS, old, town.namespace())
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 1
    assert pod["status"]["containerStatuses"][0]["ready"]
    assert before <= await configuration(town)
    history = (await town.go("history")).document["revisions"]
    assert [one["outcome"] for one in history] == ["successful", "failed", "successful"]
    assert (await check_health(f"{await town.address()}/health", 5)).ok


async def test_an_old_pod_in_trouble_is_not_blamed_on_a_deploy_that_is_well(town: Town) -> None:
    (await town.go("deploy", "dev", *PATIENT)).succeeded()
    update = ("--set", "defaults.logLevel=WARNING")
    going = asyncio.ensure_future(town.go("deploy", "dev", *PATIENT, *update))
    await killed_in_the_middle(town)
    deployed = (await going).succeeded()
    assert deployed.outcome == "successful"
    assert deployed.document["verdict"]["causes"] == []


async def test_no_rollback_leaves_the_failure_for_study(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    failed = await town.go("deploy", "dev", *BROKEN, "--no-rollback")
    assert failed.code == 1
    assert failed.document["rolled_back_to"] is None
    # Between two of its ends a replica that fails is starting again, and looks like it.
    for _ in range(60):
        status = (await town.go("status")).document
        if status["phase"] == "Degraded":
            break
        await asyncio.sleep(1)
    assert status["phase"] == "Degraded"
    assert status["release"]["revision"] == 2
    back = (await town.go("rollback")).succeeded()
    assert back.document["release"]["revision"] == 3
    assert back.document["rolled_back_to"] == 1


@pytest.mark.timeout(600)  # five deploys in a row
async def test_what_nothing_needs_any_more_is_pruned(town: Town) -> None:
    few = ("--set", "defaults.revisionHistoryLimit=1")
    for level in ("DEBUG", "INFO", "WARNING", "ERROR"):
        (await town.go("deploy", "dev", *few, "--set", f"defaults.logLevel={level}")).succeeded()
    await asyncio.sleep(2)  # the controller drops the oldest ReplicaSet after the rollout
    (
        await town.go("deploy", "dev", *few, "--set", "defaults.logLevel=ERROR", "--reason", "again")
    ).succeeded()
    kept = [one for one in await configuration(town) if one.startswith(f"{WORKER}-config")]
    assert len(kept) == 2


async def test_down_stops_all_and_keeps_data_and_history(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    (await town.go("down")).succeeded()
    assert (await town.go("status")).document["phase"] == "Stopped"
    assert await configuration(town) == set()
    assert len((await town.go("history")).document["revisions"]) == 1
    again = (await town.go("deploy")).succeeded()
    assert again.document["release"]["revision"] == 2


async def killed_in_the_middle(town: Town) -> str:
    """Wait until the new pod is there, then end the old one's process; return the old pod's name."""
    selector = f"app.kubernetes.io/name={API}"
    old = (await town.cluster.list(PODS, town.namespace(), labels=selector)).items[0]["metadata"]["name"]
    while len((await town.cluster.list(PODS, town.namespace(), labels=selector)).items) < 2:
        await asyncio.sleep(0.2)
    await town.kill_main(old)
    return str(old)


async def configuration(town: Town) -> set[str]:
    lists = [
        await town.cluster.list(one, town.namespace(), labels="app.kubernetes.io/instance=dev-apps")
        for one in (CONFIG_MAPS, SECRETS)
    ]
    return {str(item["metadata"]["name"]) for listed in lists for item in listed.items}


async def test_the_releases_own_tests_are_part_of_a_deploy_and_of_verify(town: Town) -> None:
    passed = (await town.go("deploy")).succeeded().document["tests"]
    assert [(one["name"], one["passed"]) for one in passed] == [
        (f"{API}-test", True),
        (f"{WORKER}-test", True),
    ]
    verified = (await town.go("verify")).succeeded().document["tests"]
    assert verified == passed
    left_out = (await town.go("verify", "dev", "--no-tests")).succeeded().document
    assert (left_out["tests"], left_out["tests_reason"]) == (None, "nobody asked for them")
    file = town.folder / "smoke.yaml"
    file.write_text(SMOKE)
    failed = await town.go("deploy", "dev", "-f", str(file))
    assert failed.code == 1, failed.progress
    assert failed.document["rolled_back_to"] == 1
    [cause] = failed.document["verdict"]["causes"]
    assert (cause["code"], cause["evidence"]) == ("TestFailed", ["the smoke alarm rings"])
    assert [one["passed"] for one in failed.document["tests"]] == [False]
    # What runs now was tested as well, and nothing of the failed release is left to be tested.
    assert [one["name"] for one in failed.document["undo"]["tests"]] == [f"{API}-test", f"{WORKER}-test"]


SMOKE = """
extraObjects:
  - apiVersion: v1
    kind: Pod
    metadata:
      name: a-smoke
      annotations:
        helm.sh/hook: test
        helm.sh/hook-weight: "-1"
        helm.sh/hook-delete-policy: before-hook-creation
      labels: {app.kubernetes.io/name: a-smoke, app.kubernetes.io/instance: dev-apps}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: smoke
          image: cloudandparth/my-demo-app:1.0
          imagePullPolicy: IfNotPresent
          command: [python, -c, "print('the smoke alarm rings'); raise SystemExit(1)"]
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 200m, memory: 64Mi}}
"""
