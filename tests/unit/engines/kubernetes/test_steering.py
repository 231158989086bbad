"""Scaling under the permissions that a deploy wants: what a release does not have need not be seen."""

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.base import Pause, Resume, Scale
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.observing.ownership import HANDING_OVER
from flaskship.engines.kubernetes.steering import Stage, steer
from flaskship.model.release import Document

APPS = "/apis/apps/v1/namespaces/shop/deployments"
WEB: Document = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "uid": "1",
        "annotations": {"meta.helm.sh/release-name": "dev-apps"},
        "labels": {"app.kubernetes.io/instance": "dev-apps"},
    },
    "spec": {"replicas": 1},
}
SCALER: Document = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "x"},
}


class Guarded(Api):
    """Lists of some kinds are forbidden."""

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST" and request.url.path.endswith("events"):
            return httpx2.Response(201, json={})
        if request.url.path.endswith(("horizontalpodautoscalers", "rollouts")):
            return httpx2.Response(403, json={"message": "forbidden", "reason": "Forbidden", "code": 403})
        return super().answer(request)


async def scaled(*documents: Document, name: str = "web") -> Guarded:
    api = Guarded()
    api.put(f"{APPS}/web", WEB)
    await steer(Stage(api.cluster(), PLACE, documents, (), 0.0), name, Scale(2))
    return api


async def test_autoscalers_need_not_be_seen_where_the_release_has_none() -> None:
    api = await scaled(WEB)
    assert api.objects[f"{APPS}/web"]["spec"]["replicas"] == 2


async def test_autoscalers_that_the_release_has_must_be_seen() -> None:
    with pytest.raises(ForbiddenError):
        await scaled(WEB, SCALER)


@pytest.mark.parametrize(("action", "stands"), [(Pause(), {"paused": True}), (Resume(), {})])
async def test_whoever_pauses_or_resumes_a_rollout_by_hand_means_it(
    action: Pause | Resume, stands: dict[str, bool]
) -> None:
    """A mark that a killed command left would have the next deploy lift a pause that somebody wants."""
    api, at = Api(), "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web"
    metadata = {**WEB["metadata"], "annotations": {**WEB["metadata"]["annotations"], HANDING_OVER: "true"}}
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata}
    api.put(at, {**rollout, "spec": {"paused": True}})
    plain = api.answer
    api.answer = lambda request: (  # type: ignore[method-assign]
        httpx2.Response(201, json={})
        if (request.method, request.url.path.endswith("events")) == ("POST", True)
        else plain(request)
    )
    await steer(Stage(api.cluster(), PLACE, (rollout,), (), 0.0), "web", action)
    assert api.objects[at]["spec"] == stands
    assert HANDING_OVER not in api.objects[at]["metadata"]["annotations"]
