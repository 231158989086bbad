"""Canary and blue-green, performed by Argo Rollouts and followed by us to their end."""

import asyncio
import shutil
import subprocess
from typing import Any

import pytest
from tests.cluster.plainly import tool
from tests.cluster.town import API, PATIENT, ROOT, Town

from flaskship.engines.kubernetes.keeping import POLICY
from flaskship.engines.kubernetes.observing.ownership import KEPT_FOR
from flaskship.engines.kubernetes.resources import DEPLOYMENTS, PODS, ROLLOUTS, SERVICES
from flaskship.verification.receipt import drive

# Several deploys in a row on a node that is shared: what is tested is what they come to.
pytestmark = pytest.mark.timeout(600)
CANARY = """
applications:
  my-tomorrows-api:
    replicas: 2
    strategy: {type: Canary, canary: {steps: [{weight: 50, pauseSeconds: 3}]}}
"""
BLUE_GREEN = """
applications:
  my-tomorrows-api:
    strategy: {type: BlueGreen, blueGreen: {autoPromotion: true, scaleDownDelaySeconds: 20}}
"""


async def require_rollouts(town: Town) -> None:
    if ("argoproj.io/v1alpha1", "Rollout") not in await town.cluster.api_resources():
        pytest.skip("the cluster has no Argo Rollouts: install it to try canary and blue-green")


PROBE = "does-it-take-accounts"
HASH = "rollouts-pod-template-hash"
PREVIEW = """
applications:
  my-tomorrows-api:
    strategy: {type: BlueGreen, blueGreen: {autoPromotion: false, scaleDownDelaySeconds: 5}}
"""


async def prepare(town: Town, values: str) -> str:
    """Write the values down; on a controller that refuses accounts the chart is a copy that names none.

    An Argo Rollouts that was linked with the libraries of Kubernetes 1.37 instead of its own refuses each
    template with a serviceAccountName: it turns it into the internal type by JSON, which loses the field's
    older name, and the validation of 1.37 compares the two. Its own releases take the chart as it is.
    """
    await require_rollouts(town)
    if not await takes_accounts(town):
        print("this Argo Rollouts refuses serviceAccountName: the pods of a copy of the chart name none")
        name_no_account(town)
    file = town.folder / "strategy.yaml"
    file.write_text(values)
    return str(file)


async def takes_accounts(town: Town) -> bool:
    """Whether the controller accepts a pod that names its account, asked with a Rollout of no replicas."""
    labels = {"app": PROBE}
    pod: dict[str, Any] = {"serviceAccountName": "default", "containers": [{"name": "it", "image": "it:1"}]}
    rollout = {
        "apiVersion": ROLLOUTS.api_version,
        "kind": "Rollout",
        "metadata": {"name": PROBE},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            "strategy": {"canary": {}},
        },
    }
    await town.make_namespace("staging")
    where = town.namespace("staging")
    await town.cluster.create(ROLLOUTS, rollout, where)
    async with asyncio.timeout(60):
        while True:
            found = (await town.cluster.get(ROLLOUTS, PROBE, where)).get("status") or {}
            if found.get("phase"):
                return "serviceAccountName" not in str(found.get("message"))
            await asyncio.sleep(0.5)


def name_no_account(town: Town) -> None:
    (town.folder / "infra").unlink()
    shutil.copytree(ROOT / "infra" / "helmchart", town.folder / "infra" / "helmchart")
    template = town.folder / "infra" / "helmchart" / "templates" / "_pod.tpl"
    lines = template.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "serviceAccountName:" not in line]
    assert len(kept) == len(lines) - 1
    template.write_text("".join(kept))


@pytest.mark.parametrize("values", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
async def test_a_strategy_is_followed_to_its_end_and_a_failure_goes_back(town: Town, values: str) -> None:
    file = await prepare(town, values)
    # It is the pods that go whose patience counts.
    (await town.go("deploy", "dev", "-f", file, *PATIENT)).succeeded()
    rollout = await town.cluster.get(ROLLOUTS, API, town.namespace())
    assert rollout["status"]["phase"] == "Healthy"
    assert await town.cluster.find(DEPLOYMENTS, API, town.namespace()) is None
    slow = [*PATIENT, "--set", "defaults.logLevel=WARNING"]
    update = (await town.go("deploy", "dev", "-f", file, *slow)).succeeded()
    assert update.outcome == "successful"
    receipt = update.document["receipt"]
    assert receipt["sent"] > 0, update.document
    assert receipt["failed"] == 0, receipt
    broken = ("--set", f"applications.{API}.command={{/bin/false}}")
    failed = await town.go("deploy", "dev", "-f", file, *broken)
    assert failed.code == 1
    assert failed.document["rolled_back_to"] == 2
    rollout = await town.cluster.get(ROLLOUTS, API, town.namespace())
    assert rollout["status"]["phase"] == "Healthy"
    status = (await town.go("status")).document
    assert status["phase"] == "Healthy"


async def test_a_deploy_beside_a_preview_leaves_the_users_where_they_are(town: Town) -> None:
    """What Helm applies must not take Argo's selector back: the preview would serve without its pause."""
    file = await prepare(town, PREVIEW)
    (await town.go("deploy", "dev", "-f", file)).succeeded()
    stable = await selected(town)
    assert set(stable) == {HASH}
    leave = ("--no-rollback", "--timeout", "25")
    change = ("--set", "defaults.logLevel=WARNING")
    assert (await town.go("deploy", "dev", "-f", file, *change, *leave)).code == 70
    await until_paused(town)
    preview = await selected(town, f"{API}-preview")
    assert preview[HASH] != stable[HASH]
    assert await selected(town) == stable
    # The same pods again, with another label on the Service: Helm writes to it, and nothing moves.
    touched = ("--set", f"applications.{API}.service.annotations.touched=yes")
    assert (await town.go("deploy", "dev", "-f", file, *change, *touched, *leave)).code == 70
    service = await town.cluster.get(SERVICES, API, town.namespace())
    assert service["metadata"]["annotations"]["touched"] == "yes"
    assert await selected(town) == stable
    await until_paused(town)
    (await town.go("resume", "dev", API)).succeeded()
    assert await selected(town) == preview


async def test_a_plain_helm_meets_no_other_owner_of_a_selector(town: Town) -> None:
    """Helm 4 applies without force when nobody says otherwise: a conflict would end it."""
    file = await prepare(town, BLUE_GREEN)
    (await town.go("deploy", "dev", "-f", file)).succeeded()
    before = await selected(town)
    words = ["upgrade", "dev-apps", str(town.folder / "infra" / "helmchart"), "--reuse-values"]
    where = ["--namespace", town.namespace(), "--kube-context", town.context]
    annotation = ["--set", f"applications.{API}.service.annotations.touched=yes"]

    def upgrade() -> subprocess.CompletedProcess[str]:
        command = [str(tool("helm")), *words, *where, *annotation]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = await asyncio.to_thread(upgrade)
    assert done.returncode == 0, done.stderr
    assert await selected(town) == before


@pytest.mark.parametrize("values", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
async def test_another_strategy_loses_no_request_there_and_back(town: Town, values: str) -> None:
    """A Deployment becomes a Rollout and a Deployment again: what serves goes when the other one does."""
    file = await prepare(town, values)
    (await town.go("deploy", "dev", *PATIENT)).succeeded()
    address = f"{await town.address()}/health"
    stop = asyncio.Event()
    driving = asyncio.ensure_future(drive(address, until=stop))
    to_rollout = (await town.go("deploy", "dev", "-f", file, *PATIENT)).succeeded()
    assert await town.cluster.find(DEPLOYMENTS, API, town.namespace()) is None
    rollout = await town.cluster.get(ROLLOUTS, API, town.namespace())
    assert rollout["status"]["phase"] == "Healthy"
    await asyncio.sleep(20)  # what was kept ends after the verdict
    (await town.go("deploy", "dev", *PATIENT)).succeeded()
    assert await town.cluster.find(ROLLOUTS, API, town.namespace()) is None
    await asyncio.sleep(20)
    stop.set()
    seen = await driving
    print(f"the deploy's own receipt: {to_rollout.document['receipt']}; the test's: {seen}")
    assert seen.sent > 200
    assert seen.failed == 0, seen
    status = (await town.go("status")).document
    assert status["phase"] == "Healthy"


async def test_a_rollout_that_goes_gives_its_route_away_before_it_ends(town: Town) -> None:
    """Argo may take the Service back while its Rollout is there: its pods must not end while it has it."""
    file = await prepare(town, BLUE_GREEN)
    (await town.go("deploy", "dev", "-f", file, *PATIENT)).succeeded()
    there = await town.cluster.list(ROLLOUTS, town.namespace())
    stop = asyncio.Event()
    driving = asyncio.ensure_future(drive(f"{await town.address()}/health", until=stop))
    going_back = asyncio.ensure_future(town.go("deploy", "dev", *PATIENT))
    async with asyncio.timeout(180):
        while HASH in await selected(town):
            await asyncio.sleep(0.05)
    # Seen of its controller where it looks before Helm has deleted the preview's Service, and not later.
    back = {"spec": {"selector": {HASH: there.items[0]["status"]["currentPodHash"]}}}
    await town.cluster.patch(SERVICES, API, back, town.namespace(), manager="rollouts-controller")
    (await going_back).succeeded()
    await asyncio.sleep(10)
    stop.set()
    seen = await driving
    assert seen.failed == 0, seen
    changes = town.cluster.watch(ROLLOUTS, town.namespace(), there.resource_version, seconds=5)
    gone = [one.object["metadata"] async for one in changes if one.type == "DELETED"]
    service = await town.cluster.get(SERVICES, API, town.namespace())
    assert HASH not in service["spec"]["selector"]
    # Versions of one API server are in the order of its writes.
    assert int(service["metadata"]["resourceVersion"]) < int(gone[0]["resourceVersion"])
    owners = [one["manager"] for one in service["metadata"]["managedFields"] if "f:selector" in str(one)]
    assert owners == ["helm"]


async def test_another_strategy_that_fails_leaves_what_served(town: Town) -> None:
    file = await prepare(town, BLUE_GREEN)
    (await town.go("deploy", "dev", *PATIENT)).succeeded()
    before = {one["metadata"]["uid"] for one in (await pods(town))}
    stop = asyncio.Event()
    driving = asyncio.ensure_future(drive(f"{await town.address()}/health", until=stop))
    broken = ("--set", f"applications.{API}.command={{/bin/false}}")
    failed = await town.go("deploy", "dev", "-f", file, *PATIENT, *broken)
    assert (failed.code, failed.document["rolled_back_to"]) == (1, 1), failed
    assert failed.document["undo"]["verdict"]["outcome"] == "successful"
    await asyncio.sleep(5)
    stop.set()
    seen = await driving
    assert seen.failed == 0, seen
    assert before & {one["metadata"]["uid"] for one in (await pods(town))} == before
    assert await town.cluster.find(ROLLOUTS, API, town.namespace()) is None
    deployment = await town.cluster.get(DEPLOYMENTS, API, town.namespace())
    assert not {KEPT_FOR, POLICY} & set(deployment["metadata"]["annotations"])
    (await town.go("deploy", "dev", *PATIENT, "--set", "defaults.logLevel=INFO")).succeeded()


async def pods(town: Town) -> tuple[dict[str, Any], ...]:
    return (await town.cluster.list(PODS, town.namespace(), labels=f"app.kubernetes.io/name={API}")).items


async def until_paused(town: Town) -> None:
    async with asyncio.timeout(120):
        while (await town.cluster.get(ROLLOUTS, API, town.namespace()))["status"]["phase"] != "Paused":
            await asyncio.sleep(0.5)


async def selected(town: Town, name: str = API) -> dict[str, str]:
    found = await town.cluster.get(SERVICES, name, town.namespace())
    return dict(found["spec"].get("selector") or {})
