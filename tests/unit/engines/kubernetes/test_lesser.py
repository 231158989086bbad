"""Reading and steering tell all that their user may not do, and ask only where something was refused."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import yaml
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.base import Doing
from flaskship.engines.kubernetes.engine import KubernetesEngine
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.lesser import to_read, to_steer
from flaskship.engines.kubernetes.resources import DEPLOYMENTS, ROLLOUTS

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
CANARY = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}}
READS = {("list", kind) for kind in ("deployments", "replicasets", "pods", "events", "secrets")}


class Guarded(Api):
    """Refuses what its reviews deny."""

    def __init__(self, *denied: tuple[str, str]) -> None:
        super().__init__()
        self.denied = set(denied)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self._asks(request) in self.denied:
            return httpx2.Response(403, json={"message": "no", "reason": "Forbidden"})
        if request.url.path.endswith("/log"):
            return httpx2.Response(200, text="")
        return super().answer(request)

    def _asks(self, request: httpx2.Request) -> tuple[str, str]:
        _, _, rest = request.url.path.partition("/namespaces/shop/")
        plural, *name = rest.split("/")
        what = "/".join((plural, *name[1:]))
        return ("get" if name else "list") if request.method == "GET" else request.method.lower(), what


async def listed(engine: KubernetesEngine) -> None:
    async for _ in engine.logs("dev", None):
        pass


def role_of(refused: ForbiddenError) -> tuple[str, set[str]]:
    role, binding = yaml.safe_load_all(str(refused.hint).partition(":\n")[2])
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    granted = {
        f"{verb} {kind}" for rule in role["rules"] for kind in rule["resources"] for verb in rule["verbs"]
    }
    return role["metadata"]["name"], granted


@pytest.mark.parametrize(
    "read",
    [
        lambda engine: engine.observe("dev"),
        lambda engine: engine.history("dev"),
        lambda engine: engine.events("dev"),
        listed,
    ],
    ids=["status", "history", "events", "logs"],
)
async def test_a_read_tells_all_that_it_takes_and_the_role_is_enough(
    read: Callable[[KubernetesEngine], Any],
) -> None:
    api = Guarded(*READS, ("get", "pods/log"))
    with pytest.raises(ForbiddenError) as refused:
        await read(KubernetesEngine(api.cluster(), [PLACE]))
    assert (refused.value.exit_code, refused.value.code) == (4, "ClusterForbids")
    assert refused.value.message == (
        "dev cannot be read on here: its user may not list events, list pods, get pods/log, list secrets, "
        "list deployments.apps, list replicasets.apps in namespace shop"
    )
    name, granted = role_of(refused.value)
    assert name == "flaskship-dev-apps-read", "applied over the Role of a deploy it would take from it"
    api.denied -= {tuple(one.split(" ")) for one in granted}  # type: ignore[misc]
    api.asked.clear()
    await read(KubernetesEngine(api.cluster(), [PLACE]))
    assert not any("reviews" in one for one in api.asked), "whoever may read is asked about nothing"


async def test_logs_alone_cannot_do_without_the_lines() -> None:
    api = Guarded(("get", "pods/log"))
    labels = {"app.kubernetes.io/instance": "dev-apps", "app.kubernetes.io/name": "web"}
    container = {"name": "web", "state": {"running": {}}, "containerID": "c"}
    web = {"metadata": {"name": "web", "uid": "d", "labels": labels}}
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", web)
    owned = {"name": "web-1", "uid": "1", "ownerReferences": [{"uid": "d", "controller": True}]}
    api.put(
        "/api/v1/namespaces/shop/pods/web-1",
        {
            "metadata": owned,
            "spec": {"containers": [{"name": "web"}]},
            "status": {"phase": "Running", "containerStatuses": [container]},
        },
    )
    engine = KubernetesEngine(api.cluster(), [PLACE])
    assert (await engine.observe("dev")).release is None
    with pytest.raises(ForbiddenError, match="its user may not get pods/log in namespace shop"):
        await listed(engine)


async def test_what_is_refused_for_another_reason_stays_what_it_is() -> None:
    api = Guarded(("list", "pods"))
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("reviews"):
            return httpx2.Response(201, json={"status": {"allowed": True}})
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    with pytest.raises(ForbiddenError, match="cluster here: list pods"):
        await KubernetesEngine(api.cluster(), [PLACE]).observe("dev")


async def test_whoever_cannot_be_asked_about_is_told_the_one_thing() -> None:
    api = Guarded(("list", "pods"))
    plain = api.answer
    api.answer = lambda request: (  # type: ignore[method-assign]
        httpx2.Response(500, json={"message": "away"})
        if request.url.path.endswith("reviews")
        else plain(request)
    )
    with pytest.raises(ForbiddenError, match="cluster here: list pods"):
        await KubernetesEngine(api.cluster(), [PLACE]).observe("dev")


async def test_steering_tells_its_reads_and_its_writes_together() -> None:
    api = Guarded(("list", "pods"), ("patch", "deployments"), ("create", "leases"), ("create", "events"))
    with pytest.raises(ForbiddenError) as refused:
        await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", [WEB], Doing.STEER)
    assert refused.value.message == (
        "dev cannot be steered on here: its user may not create events, list pods, patch deployments.apps, "
        "create leases.coordination.k8s.io in namespace shop"
    )
    name, granted = role_of(refused.value)
    assert name == "flaskship-dev-apps-steer"
    assert {"patch deployments", "update leases", "get deployments", "watch pods", "list secrets"} <= granted
    api.denied = {("create", "events"), ("patch", "deployments/scale")}
    await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", [WEB], Doing.STEER)


def test_only_what_a_release_has_is_wanted_of_who_steers_it() -> None:
    kinds = {("apps/v1", "Deployment"): DEPLOYMENTS, ("argoproj.io/v1alpha1", "Rollout"): ROLLOUTS}
    plain = {str(one) for one in to_steer([WEB], kinds).needed}
    assert not any("rollouts" in one or "autoscalers" in one for one in plain)
    canary = {str(one) for one in to_steer([CANARY], kinds).needed}
    assert {"patch rollouts.argoproj.io", "patch rollouts/status.argoproj.io"} <= canary
    assert "patch deployments.apps" not in canary
    assert "patch deployments.apps" in {str(one) for one in to_steer([], kinds).needed}


def test_a_read_can_do_without_lines_and_following_unless_lines_are_all_that_is_wanted() -> None:
    needed = {str(one) for one in to_read().needed}
    assert "get pods/log" not in needed
    assert not any(one.startswith("watch") for one in needed)
    assert "watch pods" in {str(one) for one in to_read().blind}
    assert {str(one) for one in to_read(logs=True).needed} == needed | {"get pods/log"}
