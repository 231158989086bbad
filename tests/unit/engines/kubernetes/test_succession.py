"""A workload that becomes one of another kind: kept for as long as its successor is not healthy."""

from typing import Any

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.kubernetes.keeping import POLICY
from flaskship.engines.kubernetes.observing.ownership import KEPT_FOR
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
