"""A workload that becomes one of another kind: kept for as long as its successor is not healthy."""

import json
from typing import Any

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.kubernetes.handing_over import MOVED_LOOKS
from flaskship.engines.kubernetes.keeping import POLICY
from flaskship.engines.kubernetes.observing.ownership import HANDING_OVER, KEPT_FOR
from flaskship.engines.kubernetes.succession import hold, let_go, unmark

AT = {
    "Deployment": "/apis/apps/v1/namespaces/shop/deployments/web",
    "Rollout": "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web",
}


def web(kind: str, release: str = "dev-apps", **annotations: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": release}
    return {"kind": kind, "metadata": {"name": "web", "labels": labels, "annotations": annotations}}


def marks(api: Api, kind: str) -> dict[str, Any]:
    found = api.objects[AT[kind]]["metadata"]["annotations"]
    return {key: value for key, value in found.items() if key in (POLICY, KEPT_FOR) and value is not None}


@pytest.mark.parametrize(("before", "after"), [("Deployment", "Rollout"), ("Rollout", "Deployment")])
async def test_what_serves_is_kept_and_goes_after_its_successors_success(before: str, after: str) -> None:
    api = Api()
    api.put(AT[before], web(before))
    held = await hold(api.cluster(), PLACE, [web(after), {"kind": "Service", "metadata": {"name": "web"}}])
    assert held == ((before, "web"),)
    assert marks(api, before) == {POLICY: "keep", KEPT_FOR: f"{after}/web"}
    api.put(AT[after], web(after))
    assert await let_go(api.cluster(), PLACE, [web(after)]) == (f"{before}/web",)
    assert (AT[before] in api.objects, AT[after] in api.objects) == (False, True)


async def test_what_was_held_for_a_write_that_helm_refused_is_as_it_was() -> None:
    api = Api()
    api.put(AT["Deployment"], web("Deployment", mine="yes"))
    await unmark(api.cluster(), PLACE, await hold(api.cluster(), PLACE, [web("Rollout")]))
    assert marks(api, "Deployment") == {}
    assert api.objects[AT["Deployment"]]["metadata"]["annotations"]["mine"] == "yes"


async def test_whoever_may_not_see_the_other_kind_deploys_as_ever() -> None:
    api = Api()
    answer = api.answer

    def forbidding(request: httpx2.Request) -> httpx2.Response:
        if "rollouts" in request.url.path:
            return httpx2.Response(403, json={"kind": "Status", "code": 403, "message": "no"})
        return answer(request)

    api.answer = forbidding  # type: ignore[method-assign]
    assert await hold(api.cluster(), PLACE, [web("Deployment")]) == ()
    assert await let_go(api.cluster(), PLACE, [web("Deployment")]) == ()


async def test_what_a_release_has_again_is_an_ordinary_object_of_it() -> None:
    api = Api()
    api.put(AT["Deployment"], web("Deployment", **{POLICY: "keep", KEPT_FOR: "Rollout/web", "mine": "yes"}))
    assert await let_go(api.cluster(), PLACE, [web("Deployment")]) == ()
    assert marks(api, "Deployment") == {}
    assert api.objects[AT["Deployment"]]["metadata"]["annotations"]["mine"] == "yes"


@pytest.mark.parametrize("there", [web("Deployment", "somebody-elses"), None])
async def test_what_is_not_the_releases_own_or_not_there_is_left(there: dict[str, Any] | None) -> None:
    api = Api()
    if there is not None:
        api.put(AT["Deployment"], there)
    assert await hold(api.cluster(), PLACE, [web("Rollout")]) == ()


async def test_the_same_kind_again_and_what_was_never_kept_are_left() -> None:
    api = Api()
    api.put(AT["Deployment"], web("Deployment"))
    assert await hold(api.cluster(), PLACE, [web("Deployment")]) == ()
    assert await let_go(api.cluster(), PLACE, []) == ()
    assert AT["Deployment"] in api.objects


HASH = "rollouts-pod-template-hash"
SERVICES = "/api/v1/namespaces/shop/services"
PODS = "/api/v1/namespaces/shop/pods"
SETS = "/apis/apps/v1/namespaces/shop/replicasets"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
OWN = {"app.kubernetes.io/name": "web"}
ROUTE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": OWN}}


def going(selector: dict[str, str]) -> Api:
    """A Rollout that goes, with a pod, and its successor's pod that nothing leads to yet."""
    api = Api()
    metadata = {"uid": "r", "generation": 1, "annotations": {KEPT_FOR: "Deployment/web"}}
    rollout = web("Rollout")
    rollout["metadata"] |= metadata
    api.put(AT["Rollout"], rollout | {"status": {"observedGeneration": "1"}})
    api.put(f"{SETS}/old", {"metadata": {"name": "old", "uid": "s", "ownerReferences": [{"uid": "r"}]}})
    for name, owner in (("old-1", "s"), ("new-1", "d")):
        api.put(f"{PODS}/{name}", {"metadata": {"name": name, "ownerReferences": [{"uid": owner}]}})
    api.put(f"{SERVICES}/web", {**ROUTE, "spec": {"selector": selector}})
    lead(api, "old-1")
    return api


def lead(api: Api, *pods: str) -> None:
    points = [{"targetRef": {"name": one}, "conditions": {"ready": True}} for one in pods]
    labels = {"kubernetes.io/service-name": "web"}
    api.put(f"{SLICES}/web", {"metadata": {"name": "web", "labels": labels}, "endpoints": points})


async def test_a_rollout_serves_until_its_service_leads_to_its_successor() -> None:
    api, looks = going({**OWN, HASH: "1"}), 0

    async def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        assert AT["Rollout"] in api.objects
        assert api.objects[AT["Rollout"]]["spec"]["paused"], "or Argo takes the Service back"
        if looks == 3:
            lead(api, "old-1", "new-1")

    assert await let_go(api.cluster(), PLACE, [web("Deployment"), ROUTE], sleep) == ("Rollout/web",)
    assert looks == 3
    assert api.objects[f"{SERVICES}/web"]["spec"]["selector"] == OWN
    asked = [one for one in api.asked if one.endswith(("services/web", "rollouts/web"))]
    assert asked.index(f"PATCH {SERVICES}/web") < asked.index(f"DELETE {AT['Rollout']}")


async def test_a_service_with_its_own_selector_is_not_written_to() -> None:
    api = going(OWN)
    lead(api, "new-1")
    assert await let_go(api.cluster(), PLACE, [web("Deployment"), ROUTE]) == ("Rollout/web",)
    assert f"PATCH {SERVICES}/web" not in api.asked


async def test_endpoints_that_never_follow_hold_nothing_up_for_ever() -> None:
    api, looks = going(OWN), 0

    async def sleep(_: float) -> None:
        nonlocal looks
        looks += 1

    assert await let_go(api.cluster(), PLACE, [web("Deployment"), ROUTE], sleep) == ("Rollout/web",)
    assert looks == MOVED_LOOKS


async def test_an_environment_that_is_taken_down_hands_nothing_over() -> None:
    api = going({**OWN, HASH: "1"})
    assert await let_go(api.cluster(), PLACE, []) == ("Rollout/web",)
    assert "spec" not in api.objects.get(AT["Rollout"], {})
    assert f"PATCH {SERVICES}/web" not in api.asked


class KilledError(Exception):
    """As a process ends that is killed: nothing of it is done after this."""


@pytest.mark.parametrize(("by_hand", "marked"), [(False, True), (True, False)])
async def test_a_pause_of_our_own_is_marked_as_that_in_the_same_write_and_one_by_hand_is_not(
    by_hand: bool, marked: bool
) -> None:
    api, patches = going({**OWN, HASH: "1"}), []
    if by_hand:
        api.objects[AT["Rollout"]]["spec"] = {"paused": True}
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if (request.method, request.url.path) == ("PATCH", AT["Rollout"]):
            patches.append(json.loads(request.content))
        return plain(request)

    async def killed(_: float) -> None:
        raise KilledError

    api.answer = answer  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        await let_go(api.cluster(), PLACE, [web("Deployment"), ROUTE], killed)
    left = api.objects[AT["Rollout"]]
    assert left["spec"] == {"paused": True}
    assert (HANDING_OVER in left["metadata"]["annotations"]) is marked
    assert len(patches) == (0 if by_hand else 1)
    lead(api, "new-1")
    assert await let_go(api.cluster(), PLACE, [web("Deployment"), ROUTE], killed) == ("Rollout/web",)
