"""Objects as somebody set them: fields of people and tools, without defaults, controllers and status."""

from typing import Any

from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.kubernetes.live import as_set, live_objects

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
