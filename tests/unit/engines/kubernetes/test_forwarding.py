"""An address for a Service, as far as it is decided before anybody connects."""

import pytest
from tests.unit.engines.kubernetes.api import Api

from flaskship.engines.base import ForwardRefusedError
from flaskship.engines.kubernetes.forwarding import port_forward
from flaskship.model.errors import PreflightError

SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"


def with_pod() -> Api:
    api = Api()
    endpoint = {"targetRef": {"kind": "Pod", "name": "web-1"}, "conditions": {"ready": True}}
    labels = {"kubernetes.io/service-name": "web"}
    body = {
        "metadata": {"name": "web-x", "labels": labels},
        "endpoints": [endpoint],
        "ports": [{"port": 5000}],
    }
    api.put(f"{SLICES}/web-x", body)
    return api


async def test_a_user_who_may_not_is_told_which_permission_is_missing() -> None:
    api = with_pod()
    api.denied = {("create", "pods"), ("get", "pods")}
    with pytest.raises(
        ForwardRefusedError, match="may not create pods/portforward in namespace shop"
    ) as refused:
        async with port_forward(api.cluster(), "shop", "web"):
            raise AssertionError("there is no address")
    assert (refused.value.exit_code, refused.value.code) == (4, "ForwardRefused")
    assert "auth can-i create pods/portforward" in str(refused.value.hint)


@pytest.mark.parametrize("verb", ["create", "get"])
async def test_either_verb_will_do(verb: str) -> None:
    api = with_pod()
    api.denied = {(verb, "pods")}
    async with port_forward(api.cluster(), "shop", "web") as url:
        assert url.startswith("http://127.0.0.1:")


async def test_nothing_ready_behind_it_is_told() -> None:
    with pytest.raises(PreflightError, match="has no ready Pod"):
        async with port_forward(Api().cluster(), "shop", "web"):
            raise AssertionError("there is no address")
