"""Objects as somebody set them: fields of people and tools, without defaults, controllers and status."""

from typing import Any

import pytest
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.kubernetes.live import as_set, live_objects, writers_since_helm

WEB: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "u",
        "labels": {"app": "web", "extra": "x"},
        "annotations": {"meta.helm.sh/release-name": "dev-apps", "deployment.kubernetes.io/revision": "3"},
        "managedFields": [
            {
                "manager": "helm",
                "operation": "Apply",
                "fieldsV1": {
                    "f:metadata": {
                        "f:labels": {"f:app": {}},
                        "f:annotations": {"f:meta.helm.sh/release-name": {}},
                    },
                    "f:spec": {
                        "f:template": {
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"web"}': {
                                        ".": {},
                                        "f:name": {},
                                        "f:image": {},
                                        "f:ports": {
                                            'k:{"containerPort":80,"protocol":"TCP"}': {"f:containerPort": {}}
                                        },
                                    }
                                }
                            }
                        },
                        "f:finalizers": {'v:"a"': {}},
                    },
                },
            },
            {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {
                "manager": "kubectl-edit",
                "operation": "Update",
                "fieldsV1": {
                    "f:spec": {
                        "f:template": {
                            "f:spec": {"f:containers": {'k:{"name":"web"}': {"f:imagePullPolicy": {}}}}
                        }
                    }
                },
            },
            {
                "manager": "kube-controller-manager",
                "operation": "Update",
                "fieldsV1": {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}},
            },
            {"manager": "web", "subresource": "status", "fieldsV1": {"f:status": {}}},
        ],
    },
    "spec": {
        "replicas": 5,
        "progressDeadlineSeconds": 600,
        "finalizers": ["a", "b"],
        "template": {
            "spec": {
                "dnsPolicy": "ClusterFirst",
                "containers": [
                    {
                        "name": "web",
                        "image": "demo:2",
                        "imagePullPolicy": "Always",
                        "terminationMessagePath": "/dev/x",
                        "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    },
                    {"name": "injected", "image": "sidecar"},
                ],
            }
        },
    },
    "status": {"replicas": 5},
}


def test_only_what_somebody_set_is_left() -> None:
    assert as_set(WEB) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {
            "replicas": 5,
            "finalizers": ["a"],
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "image": "demo:2",
                            "imagePullPolicy": "Always",
                            "ports": [{"containerPort": 80}],
                        }
                    ]
                }
            },
        },
    }


async def test_only_what_is_asked_for_and_exists_is_told() -> None:
    api = Api()
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", WEB)
    asked = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}},
        {"kind": "Deployment", "metadata": {"name": "gone"}},
        {"apiVersion": "unknown/v1", "kind": "Thing", "metadata": {"name": "web"}},
    ]
    found = await live_objects(api.cluster(), PLACE, asked)
    assert [one["metadata"]["name"] for one in found] == ["web"]


EARLY, THEN, LATE = (f"2026-11-27T06:00:0{second}Z" for second in range(3))


def entry(manager: str, at: str | None, **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": "Apply", **({"time": at} if at else {}), **more}


def written(*entries: dict[str, Any]) -> dict[str, Any]:
    return {**WEB, "metadata": {**WEB["metadata"], "managedFields": list(entries)}}


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ([entry("Terraform", LATE)], ("Terraform",)),
        # In the same second nobody knows who came last.
        ([entry("Terraform", THEN)], ("Terraform",)),
        ([entry("Terraform", None)], ("Terraform",)),
        # Helm wrote over it: both agree on what it still has.
        ([entry("Terraform", EARLY)], ()),
        ([entry("Terraform", EARLY), entry("Terraform", LATE, operation="Update")], ("Terraform",)),
        ([entry("Terraform", LATE, subresource="status")], ()),
        ([entry("Terraform", LATE, subresource="scale")], ("Terraform",)),
        ([entry("kube-controller-manager", LATE), entry("external-secrets", LATE)], ()),
        (
            [entry("kubectl-edit", LATE), entry("argocd-controller", LATE)],
            ("kubectl-edit", "argocd-controller"),
        ),
    ],
)
def test_who_set_fields_since_helm_did_is_told(others: list[dict[str, Any]], told: tuple[str, ...]) -> None:
    assert writers_since_helm(written(entry("helm", EARLY), *others, entry("helm", THEN))) == told


def test_a_status_of_helms_and_a_patch_of_ours_take_nothing_over() -> None:
    """A restart sets one annotation: what Terraform has is as it was, and is not ours since."""
    objects = written(
        entry("helm", EARLY),
        entry("Terraform", THEN),
        entry("flaskship", LATE),
        entry("helm", LATE, subresource="status"),
    )
    assert "Terraform" in writers_since_helm(objects)


def test_where_helm_never_wrote_everybody_is_told() -> None:
    assert writers_since_helm(written(entry("terraform-provider-helm_v3.1.1_x5", EARLY))) == (
        "terraform-provider-helm_v3.1.1_x5",
    )
    assert writers_since_helm({"metadata": {"name": "web"}}) == ()


async def test_the_names_stand_where_the_api_server_has_them() -> None:
    api = Api()
    api.put("/apis/apps/v1/namespaces/shop/deployments/web", written(entry("Terraform", THEN)))
    asked = [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}]
    (found,) = await live_objects(api.cluster(), PLACE, asked)
    assert found["metadata"]["managedFields"] == [{"manager": "Terraform"}]
    assert found["metadata"]["name"] == "web"
