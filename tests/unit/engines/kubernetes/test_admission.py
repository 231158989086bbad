"""What a namespace would say of a release's pods, asked before anything is written."""

import json
from typing import Any

import pytest
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.kubernetes.preflight import Examined, examine

QUOTAS = "/api/v1/namespaces/shop/resourcequotas"
PODS = "/api/v1/namespaces/shop/pods"
LABELS = {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "dev-apps"}
NO_SERVICE_ACCOUNT = 'error looking up service account shop/web: serviceaccount "web" not found'
LEVEL = (
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": '
    'runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true)'
)


def workload(kind: str = "Deployment", replicas: int = 2, image: str = "a:1", **pod: Any) -> dict[str, Any]:
    resources = {"requests": {"memory": "64Mi"}}
    spec = {"containers": [{"name": "web", "image": image, "resources": resources}], **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0}},
            "template": {"metadata": {"labels": {**LABELS, "team": "shop"}}, "spec": spec},
        },
    }


def with_quota(api: Api, **hard: str) -> None:
    api.put(f"{QUOTAS}/team", {"metadata": {"name": "team"}, "status": {"hard": hard}})


def with_pods(api: Api, count: int, labels: dict[str, str], phase: str = "Running") -> None:
    spec = workload()["spec"]["template"]["spec"]
    for number in range(count):
        name = f"{labels.get('app.kubernetes.io/name', 'other')}-{phase}-{number}".lower()
        api.put(
            f"{PODS}/{name}",
            {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"phase": phase}},
        )


async def looked(api: Api, *documents: dict[str, Any], pods: bool = True) -> Examined:
    return await examine(api.cluster(), PLACE, documents or (workload(),), pods=pods)


async def test_a_pod_of_each_template_is_tried_and_nothing_would_adopt_it() -> None:
    api = Api()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}
    given = workload(serviceAccountName="web", priorityClassName="theirs")
    found = await looked(api, given, account)
    assert (found.findings, found.warnings) == ((), ())
    [pod] = api.tried
    assert pod["kind"] == "Pod"
    assert pod["metadata"]["labels"] == {"team": "shop"}
    # The account is made by the same release; the priority is somebody's who has it already.
    assert "serviceAccountName" not in pod["spec"]
    assert pod["spec"]["priorityClassName"] == "theirs"
    assert [one for one in api.asked if one == f"POST {PODS}"] == [f"POST {PODS}"]


async def test_pods_that_break_the_level_are_told_with_the_workload_and_what_to_do() -> None:
    api = Api()
    api.pods_refused = LEVEL
    [finding] = (await looked(api)).findings
    said = "the cluster refuses the pods of Deployment/web: violates PodSecurity"
    assert finding.message.startswith(said)
    assert "securityContext.runAsNonRoot=true" in finding.message
    assert "correct what it names in the values" in str(finding.advice)


@pytest.mark.parametrize(
    "said", [NO_SERVICE_ACCOUNT, "exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2"]
)
async def test_what_may_be_otherwise_by_then_is_no_finding(said: str) -> None:
    api = Api()
    api.pods_refused = f'pods "x" is forbidden: {said}'
    found = await looked(api)
    assert (found.findings, found.warnings) == ((), ())


async def test_a_quota_without_room_is_told_with_figures_and_what_to_lower() -> None:
    api = Api()
    with_quota(api, pods="3", **{"requests.memory": "1Gi"})
    with_pods(api, 2, {"app.kubernetes.io/name": "other"})
    with_pods(api, 5, {"app.kubernetes.io/name": "other"}, "Succeeded")
    [finding] = (await looked(api)).findings
    assert finding.message == (
        "ResourceQuota/team of namespace shop has no room for the rollout: its pods need pods=2, "
        "other pods have 2, and 3 is allowed"
    )
    assert finding.advice == "ask for more quota, or lower replicas or autoscaling.minReplicas in the values"


async def test_an_update_counts_its_own_pods_and_the_one_more_that_it_starts_with() -> None:
    api = Api()
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", workload(image="a:0"))
    with_pods(api, 2, LABELS)
    with_quota(api, pods="2")
    [finding] = (await looked(api)).findings
    assert "pods=3 while old ones are replaced" in finding.message
    assert "strategy.rollingUpdate.maxUnavailable=1" in str(finding.advice)
    with_quota(api, pods="3")
    assert (await looked(api)).findings == ()
    # The same template again replaces nothing.
    with_quota(api, pods="2")
    assert (await looked(api, workload(image="a:0"))).findings == ()


async def test_pods_of_a_workload_that_the_release_drops_make_room() -> None:
    api = Api()
    with_quota(api, pods="2")
    with_pods(api, 2, {"app.kubernetes.io/name": "old", "app.kubernetes.io/instance": "dev-apps"})
    assert (await looked(api)).findings == ()


async def test_an_autoscalers_least_counts() -> None:
    api = Api()
    with_quota(api, pods="3")
    scaler = {
        "apiVersion": "v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"minReplicas": 4, "scaleTargetRef": {"kind": "Deployment", "name": "web"}},
    }
    found = await looked(api, workload(replicas=1), scaler)
    assert ["pods=4" in one.message for one in found.findings] == [True]


async def test_whoever_may_not_try_pods_is_told_that_it_was_not_checked() -> None:
    api = Api()
    api.denied = {("create", "pods")}
    found = await looked(api)
    assert found.findings == ()
    assert found.warnings == (
        "Pod Security, LimitRanges and quotas of shop for its pods: its user may not create pods there, "
        "not even in a dry run",
    )
    assert api.tried == []


async def test_a_webhook_that_knows_no_dry_run_leaves_it_unchecked() -> None:
    api = Api()
    api.pods_refused = 'admission webhook "x" does not support dry run'
    found = await looked(api)
    assert found.findings == ()
    assert "does not support dry run" in found.warnings[0]


async def test_an_undo_asks_for_no_pods() -> None:
    api = Api()
    api.pods_refused = LEVEL
    assert (await looked(api, pods=False)).findings == ()
    assert json.dumps(api.asked).count("pods") == 0
