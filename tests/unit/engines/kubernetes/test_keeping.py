"""Generations of configuration: kept for whoever may start with them again, and then removed."""

from typing import Any

from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.kubernetes.keeping import named_by, prune, remove_all

CONFIG = "/api/v1/namespaces/shop/configmaps"
SECRETS = "/api/v1/namespaces/shop/secrets"
CLAIMS = "/api/v1/namespaces/shop/persistentvolumeclaims"
SETS = "/apis/apps/v1/namespaces/shop/replicasets"
PODS = "/api/v1/namespaces/shop/pods"


def generation(api: Api, path: str, name: str, *, policy: str = "keep", release: str = "dev-apps") -> None:
    metadata = {
        "name": name,
        "labels": {"app.kubernetes.io/instance": release},
        "annotations": {"helm.sh/resource-policy": policy} if policy else {},
    }
    api.put(f"{path}/{name}", {"metadata": metadata})


def template(**pod: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": pod}}}


def uses(name: str) -> dict[str, Any]:
    return template(containers=[{"envFrom": [{"configMapRef": {"name": name}}]}])


async def test_only_what_nothing_refers_to_goes() -> None:
    api = Api()
    for name in ("web-0000000001", "web-0000000002", "web-0000000003", "web-0000000004"):
        generation(api, CONFIG, name)
    api.put(f"{SETS}/old", {"metadata": {"name": "old"}, **uses("web-0000000002")})
    pod = {"metadata": {"name": "last"}, "spec": {"volumes": [{"configMap": {"name": "web-0000000003"}}]}}
    api.put(f"{PODS}/last", pod)
    newest = [{"kind": "ConfigMap", "metadata": {"name": "web-0000000004"}}]
    assert await prune(api.cluster(), PLACE, newest) == ("ConfigMap/web-0000000001",)
    assert api.below(CONFIG) == ["web-0000000002", "web-0000000003", "web-0000000004"]


async def test_what_is_not_a_generation_of_this_release_stays() -> None:
    api = Api()
    generation(api, CONFIG, "web-settings")
    generation(api, CONFIG, "web-0000000001", policy="")
    generation(api, CONFIG, "web-0000000002", release="staging-apps")
    generation(api, SECRETS, "app-secrets")
    assert await prune(api.cluster(), PLACE, []) == ()
    assert len(api.below(CONFIG)) == 3


async def test_an_object_that_changed_meanwhile_is_left_alone() -> None:
    api = Api()
    generation(api, SECRETS, "app-secrets-0000000001")
    await prune(api.cluster(), PLACE, [])
    assert api.below(SECRETS) == []


async def test_a_removal_takes_every_generation_and_data_only_with_purge() -> None:
    api = Api()
    generation(api, CONFIG, "web-0000000001")
    generation(api, SECRETS, "app-secrets-0000000001")
    generation(api, CLAIMS, "my-app-data")
    await remove_all(api.cluster(), PLACE, purge=False)
    assert (api.below(CONFIG), api.below(SECRETS), api.below(CLAIMS)) == ([], [], ["my-app-data"])
    await remove_all(api.cluster(), PLACE, purge=True)
    assert api.below(CLAIMS) == []


def test_every_way_to_refer_to_configuration_is_known() -> None:
    pod = {
        "initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "a", "key": "k"}}}]}],
        "containers": [
            {
                "envFrom": [{"configMapRef": {"name": "b"}}, {"secretRef": {"name": "c"}}],
                "env": [{"valueFrom": {"configMapKeyRef": {"name": "d", "key": "k"}}}],
            }
        ],
        "volumes": [
            {"configMap": {"name": "e"}},
            {"secret": {"secretName": "f"}},
            {"projected": {"sources": [{"secret": {"name": "g"}}, {"configMap": {"name": "h"}}]}},
        ],
    }
    jobs = {"spec": {"jobTemplate": template(containers=[{"envFrom": [{"secretRef": {"name": "i"}}]}])}}
    found = named_by([{"spec": pod}, jobs, {"spec": None}])
    assert {name for kind, name in found if kind == "ConfigMap"} == set("bdeh")
    assert {name for kind, name in found if kind == "Secret"} == set("acfgi")
