"""What is found before anything is changed, each with what to do."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.engines.kubernetes.api import NAMESPACES, PLACE, Api

from flaskship.engines.kubernetes.admission import Looked, Refused
from flaskship.engines.kubernetes.installing import controller_of, how_to_install
from flaskship.engines.kubernetes.observing.ownership import HANDING_OVER
from flaskship.engines.kubernetes.preflight import (
    Examined,
    Finding,
    check_kinds,
    check_version,
    examine,
    pod_findings,
    stands_still,
)
from flaskship.engines.kubernetes.quotas import Wanted, shortages
from flaskship.engines.kubernetes.resources import CONFIG_MAPS
from flaskship.model.errors import About, PausedError, PreflightError
from flaskship.model.named import Named

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {}}


async def findings(api: Api, *documents: dict[str, Any]) -> list[str]:
    found = await examine(api.cluster(), PLACE, documents or (WEB, SERVICE))
    return [one.message for one in found.findings]


async def test_all_is_well_and_nothing_was_changed() -> None:
    api = Api()
    assert await findings(api) == []
    assert [one for one in api.asked if one.startswith("PATCH")] == [
        "PATCH /apis/apps/v1/namespaces/shop/deployments/web",
        "PATCH /api/v1/namespaces/shop/services/web",
    ]
    assert set(api.objects) == {f"{NAMESPACES}/shop"}


async def test_a_hook_of_a_kind_that_the_cluster_lacks_is_told_as_an_object_is() -> None:
    unknown = {**PROBE, "apiVersion": "k6.io/v1", "kind": "TestRun"}
    found = await examine(Api().cluster(), PLACE, (SERVICE,), hooks=(PROBE, unknown))
    (one,) = found.findings
    assert one.message == "cluster here does not know the kind TestRun of k6.io/v1"
    assert one.about == About("TestRun", "asks", "", "kind")


@pytest.mark.parametrize(
    ("version", "well"),
    [("v1.29.9", False), ("v1.30.0", True), ("v1.37.2", True), ("v1.38.0-eks-1", True), ("odd", True)],
)
def test_the_oldest_supported_version(version: str, well: bool) -> None:
    assert (check_version(version, "here") == []) is well


async def test_an_old_cluster_is_named() -> None:
    api = Api()
    api.version = "v1.28.1"
    assert await findings(api) == [
        "cluster here runs Kubernetes v1.28.1, and Flaskship supports 1.30 to 1.37"
    ]


async def test_a_kind_that_the_cluster_does_not_know_says_how_it_is_installed() -> None:
    external = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "a"}}
    found = await examine(Api().cluster(), PLACE, (WEB, external, external))
    (one,) = found.findings
    assert one.message == "cluster here does not know the kind ExternalSecret of external-secrets.io/v1"
    assert "helm install external-secrets" in str(one.advice)
    assert "secrets.provider=existing" in str(one.advice)


async def test_what_the_user_may_not_do_is_listed_at_once() -> None:
    api = Api()
    api.denied = {("create", "deployments"), ("patch", "services")}
    (message,) = await findings(api)
    assert message == "its user may not patch services, create deployments.apps in namespace shop"
    assert not any(one.startswith("PATCH") for one in api.asked)


async def test_a_namespace_that_is_being_deleted_is_waited_for_by_the_user() -> None:
    api = Api()
    api.objects[f"{NAMESPACES}/shop"]["status"] = {"phase": "Terminating"}
    assert await findings(api) == ["namespace shop is being deleted"]


@pytest.mark.parametrize(
    ("code", "said", "advice"),
    [
        (403, 'services "web" is forbidden: exceeded quota: small', "quota"),
        (422, "spec.selector: Invalid value: field is immutable", "another name"),
        (422, "spec.ports[0].nodePort: provided port is already allocated", "another nodePort"),
        (400, 'admission webhook "x" denied the request: no', "change the values"),
        (
            500,
            "failed to create typed patch object (/a; v1): .dta: field not declared in schema",
            "the field's name",
        ),
        (409, "conflict with something", "change the values"),
    ],
)
async def test_what_the_server_would_refuse_is_told_with_its_words(code: int, said: str, advice: str) -> None:
    api = Api()
    api.refusals["web"] = (code, said)
    found = await examine(api.cluster(), PLACE, (SERVICE,))
    (one,) = found.findings
    assert one.message == f"the cluster refuses Service/web: {said}"
    assert advice in str(one.advice)


async def test_of_several_that_are_refused_each_keeps_what_it_is_about() -> None:
    api = Api()
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags"}, "dta": {}}
    said = "failed to create typed patch object (/a; v1): .%s: field not declared in schema"
    api.refusals |= {"flags": (500, said % "dta"), "web": (500, said % "spec.replicaz")}
    found = await examine(api.cluster(), PLACE, (settings, WEB))
    assert [one.about for one in found.findings] == [
        About("ConfigMap", "flags", "", "dta"),
        About("Deployment", "web", "", "spec.replicaz"),
    ]
    with pytest.raises(PreflightError) as refused:
        found.insist(PLACE, "here")
    assert refused.value.about == About("ConfigMap", "flags", "", "dta")
    assert [(one.message, one.about) for one in refused.value.parts] == [
        (one.message, one.about) for one in found.findings
    ]


PROBE = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asks"}, "spec": {"restartPolcy": "Never"}}
TYPED = "failed to create typed patch object (shop/asks; /v1, Kind=Pod): .spec.%s"


@pytest.mark.parametrize(
    ("code", "said", "field"),
    [
        (500, TYPED % "restartPolcy: field not declared in schema", "spec.restartPolcy"),
        (500, TYPED % "nodeName: expected string, got true", "spec.nodeName"),
        (403, 'pods "asks" is forbidden: User "jane" cannot patch resource "pods"', None),
        (422, 'Pod "asks" is invalid: spec: Forbidden: pod updates may not change fields', None),
    ],
)
async def test_a_hook_is_refused_for_its_schema_and_for_nothing_of_an_earlier_run(
    code: int, said: str, field: str | None
) -> None:
    api = Api()
    api.refusals["asks"] = (code, said)
    found = await examine(api.cluster(), PLACE, (SERVICE,), hooks=(PROBE,))
    told = [one.about for one in found.findings]
    assert told == ([About("Pod", "asks", "", field)] if field else [])


async def test_a_hook_that_is_well_is_tried_and_not_made() -> None:
    api = Api()
    assert not (await examine(api.cluster(), PLACE, (SERVICE,), hooks=(PROBE,))).findings
    assert "PATCH /api/v1/namespaces/shop/pods/asks" in api.asked
    assert set(api.objects) == {f"{NAMESPACES}/shop"}


@pytest.mark.parametrize(
    ("document", "said", "about"),
    [
        (SERVICE, "spec.ports[0].nodePort: provided port is already allocated", ("Service", "nodePort", "")),
        (SERVICE, "exceeded quota: small", ("Service", "", "metadata.name")),
        (WEB, "admission webhook denied the request", ("Deployment", "", "")),
    ],
)
async def test_what_names_no_field_leads_to_its_object(
    document: dict[str, Any], said: str, about: tuple[str, str, str]
) -> None:
    api = Api()
    api.refusals["web"] = (422, said)
    (found,) = (await examine(api.cluster(), PLACE, (document,))).findings
    kind, field, path = about
    assert found.about == About(kind, "web", field, path)


def test_everything_that_was_found_is_one_refusal() -> None:
    with pytest.raises(PreflightError) as refused:
        Examined((Finding("a is missing", "get a"), Finding("b is missing", "get b"))).insist(PLACE, "here")
    assert refused.value.exit_code == 4
    assert refused.value.message.splitlines() == [
        "dev cannot be deployed to here: ",
        "  - a is missing",
        "  - b is missing",
    ]
    assert refused.value.hint == "get a; get b"
    Examined().insist(PLACE, "here")


PER_CONTAINER = 'pods "x" is forbidden: [%s usage per Container is 64Mi, but %s is 128Mi]'
SECURITY = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": '


@pytest.mark.parametrize(
    ("why", "field"),
    [
        (PER_CONTAINER % ("maximum memory", "limit"), "resources.limits.memory"),
        (PER_CONTAINER % ("minimum cpu", "request"), "resources.requests.cpu"),
        (
            'pods "x" is forbidden: memory max limit to request ratio per Container is 2',
            "resources.limits.memory",
        ),
        ('pods "x" is forbidden: failed quota: q: must specify limits.cpu for: web', "resources.limits.cpu"),
        (SECURITY + 'hostPath volumes (volume "host")', "volumes"),
        (SECURITY + 'runAsNonRoot != true (container "tool" must set it)', "initContainers"),
        (SECURITY + "host namespaces (hostNetwork=true)", ""),
    ],
)
def test_what_a_pod_is_refused_for_leads_to_the_value_of_its_workload(why: str, field: str) -> None:
    pod = {"initContainers": [{"name": "tool"}], "containers": [{"name": "web"}]}
    looked = Looked((Refused("Deployment/web", why),))
    (found,) = pod_findings(looked, PLACE, [{**WEB, "spec": {"template": {"spec": pod}}}])
    assert found.about == About("Deployment", "web", field)
    with pytest.raises(PreflightError) as refused:
        Examined((Finding("a"), found)).insist(PLACE, "here")
    assert refused.value.about == found.about


def test_a_quota_without_room_leads_to_the_workload_that_asks_for_most() -> None:
    def wanted(name: str, memory: str) -> Wanted:
        limits = {"resources": {"limits": {"memory": memory}}}
        return Wanted(f"Deployment/{name}", {"replicas": 1}, {"spec": {"containers": [limits]}})

    def quota(resource: str, hard: str) -> dict[str, Any]:
        return {"metadata": {"name": "q"}, "status": {"hard": {resource: hard}}}

    two = [wanted("small", "16Mi"), wanted("large", "64Mi")]
    quotas = [quota("limits.memory", "32Mi"), quota("pods", "1")]
    looked = Looked(short=tuple(shortages(quotas, two, [])))
    memory, pods = pod_findings(looked, PLACE, [])
    assert memory.about == About("Deployment", "large", "resources.limits.memory")
    assert pods.about == About("Deployment", "small", "replicas")


def test_kubernetes_own_groups_have_no_controller_to_install() -> None:
    for version in ("v1", "apps/v1", "unknown.example/v1"):
        assert controller_of(version) is None
    assert "CustomResourceDefinition" in how_to_install("unknown.example/v1", "Thing")


def paused(**spec: Any) -> dict[str, Any]:
    named = {"name": "web", "labels": {"app.kubernetes.io/name": "shop-web"}}
    return {**WEB, "metadata": named, "spec": {"template": {}, **spec}}


async def test_a_deployment_that_somebody_paused_is_refused_with_the_command_that_frees_it() -> None:
    api = Api()
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", paused(paused=True))
    found = await examine(api.cluster(), PLACE, (paused(template={"new": 1}),), pods=False)
    with pytest.raises(PausedError) as refused:
        found.insist(PLACE, "here")
    assert refused.value.message.startswith("dev cannot be deployed to here: Deployment/web is paused")
    assert refused.value.hint == "flaskship resume dev shop-web"
    with pytest.raises(PausedError) as refused:
        found.insist(replace(PLACE, named=Named("kubernetes", "here")), "here")
    assert refused.value.hint == "flaskship resume dev shop-web --engine kubernetes --context here"
    assert not any(one.startswith(("POST /apis/apps", "PUT")) for one in api.asked)


async def test_a_deployment_that_is_not_paused_or_that_the_chart_pauses_is_applied() -> None:
    api = Api()
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", paused(paused=False))
    (await examine(api.cluster(), PLACE, (paused(),), pods=False)).insist(PLACE, "here")
    (await examine(api.cluster(), PLACE, (paused(paused=True),), pods=False)).insist(PLACE, "here")


@pytest.mark.parametrize(
    ("kind", "status", "still"),
    [
        ("Deployment", {"replicas": 2, "updatedReplicas": 2}, True),
        ("Deployment", {"replicas": 2, "updatedReplicas": 1}, False),
        ("Deployment", {"replicas": 2}, False),
        ("Deployment", {}, True),
        ("Rollout", {"stableRS": "a", "currentPodHash": "a"}, True),
        ("Rollout", {"stableRS": "a", "currentPodHash": "b"}, False),
        ("Rollout", {}, False),
    ],
)
def test_what_stands_still_is_held_by_no_pause(kind: str, status: dict[str, Any], still: bool) -> None:
    now = {"kind": kind, "spec": {"template": {"a": 1}}, "status": status}
    assert stands_still(now, {"kind": kind, "spec": {"template": {"a": 1}}}) is still
    assert not stands_still(now, {"kind": kind, "spec": {"template": {"a": 2}}})


async def test_a_paused_workload_that_a_release_leaves_as_it_is_refuses_nothing() -> None:
    api = Api()
    status = {"replicas": 1, "updatedReplicas": 1}
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", {**paused(paused=True), "status": status})
    found = await examine(api.cluster(), PLACE, (paused(),), pods=False)
    assert found.paused == ()
    found.insist(PLACE, "here")


@pytest.mark.parametrize("status", [{}, {"stableRS": "a", "currentPodHash": "a"}])
async def test_a_rollout_that_a_killed_command_paused_to_delete_it_refuses_nothing_and_is_told(
    status: dict[str, Any],
) -> None:
    api, at = Api(), "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web"
    wanted = {**paused(), "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    left = {**wanted, "spec": {"template": {}, "paused": True}, "status": status}
    api.put(at, {**left, "metadata": {**left["metadata"], "annotations": {HANDING_OVER: "true"}}})
    found = await examine(api.cluster(), PLACE, (wanted,), pods=False)
    found.insist(PLACE, "here")
    assert (found.paused, found.handed_over) == ((), ("web",))
    by_hand = {**wanted, "spec": {"template": {"new": 1}}}
    api.put(at, left)
    found = await examine(api.cluster(), PLACE, (by_hand,), pods=False)
    with pytest.raises(PausedError, match="Rollout/web is paused"):
        found.insist(PLACE, "here")
    assert found.handed_over == ()


async def test_a_deployment_with_that_mark_was_paused_by_somebody_else() -> None:
    api, marked = Api(), paused(paused=True)
    marked["metadata"] = {**marked["metadata"], "annotations": {HANDING_OVER: "true"}}
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", marked)
    found = await examine(api.cluster(), PLACE, (paused(template={"new": 1}),), pods=False)
    assert (len(found.paused), found.handed_over) == (1, ())


@pytest.mark.parametrize(("kind", "meant"), [("Configmap", "ConfigMap"), ("configMAP", "ConfigMap")])
def test_a_kind_in_other_capitals_is_told_its_name_and_not_how_it_is_installed(kind: str, meant: str) -> None:
    kinds = {("v1", "ConfigMap"): CONFIG_MAPS}
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}}
    (found,) = check_kinds([document], kinds, "here")
    assert found.message == f"cluster here does not know the kind {kind} of v1"
    assert str(found.advice).endswith(f"say kind: {meant}")
    (other,) = check_kinds([{**document, "apiVersion": "v2"}], kinds, "here")
    assert "capitals" not in str(other.advice)
