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


@pytest.mark.parametrize(
    ("denied", "version", "said"),
    [
        ({"create", "get"}, "v1.30.0", "get and create"),
        ({"get"}, "v1.30.0", "get"),
        ({"get"}, "v1.37.0", "get"),
        ({"create"}, "v1.35.0", "create"),
    ],
)
async def test_a_user_who_may_not_is_told_which_permission_is_missing(
    denied: set[str], version: str, said: str
) -> None:
    api = with_pod()
    api.version = version
    api.denied = {(one, "pods/portforward") for one in denied}
    with pytest.raises(ForwardRefusedError) as refused:
        async with port_forward(api.cluster(), "shop", "web"):
            raise AssertionError("there is no address")
    assert f"may not {said} pods/portforward in namespace shop" in refused.value.message
    assert (refused.value.exit_code, refused.value.code) == (4, "ForwardRefused")
    assert f"auth can-i {said.split(maxsplit=1)[0]} pods/portforward" in str(refused.value.hint)


async def test_whoever_may_not_see_what_is_behind_a_service_is_told_so_and_not_that_nothing_is() -> None:
    api = with_pod()
    api.denied = {("list", "endpointslices"), ("create", "pods/portforward")}
    with pytest.raises(ForwardRefusedError, match="may not create pods/portforward, list endpointslices"):
        async with port_forward(api.cluster(), "shop", "web"):
            raise AssertionError("there is no address")
    api.denied = {("list", "endpointslices")}
    with pytest.raises(ForwardRefusedError, match="may not list endpointslices") as refused:
        async with port_forward(api.cluster(), "shop", "web"):
            raise AssertionError("there is no address")
    assert str(refused.value.hint).endswith("auth can-i list endpointslices.discovery.k8s.io")


async def test_an_older_server_does_not_ask_for_create() -> None:
    api = with_pod()
    api.version, api.denied = "v1.34.2", {("create", "pods/portforward")}
    async with port_forward(api.cluster(), "shop", "web") as url:
        assert url.startswith("http://127.0.0.1:")


async def test_nothing_ready_behind_it_is_told() -> None:
    with pytest.raises(PreflightError, match="has no ready Pod"):
        async with port_forward(Api().cluster(), "shop", "web"):
            raise AssertionError("there is no address")
