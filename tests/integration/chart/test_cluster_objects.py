"""pvc.yaml, priorityclass.yaml, namespace.yaml, servicemonitor.yaml, extraobjects.yaml."""

import pytest


def test_dev_shares_one_claim_between_those_with_a_database(render) -> None:
    release = render()
    claim = release.one("PersistentVolumeClaim", "my-app-data")
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    for name in ("my-tomorrows-api", "my-tomorrows-worker"):
        assert {"name": "data", "mountPath": "/data"} in release.container(name)["volumeMounts"]
        assert {"name": "data", "mountPath": "/data"} in release.pod(name)["initContainers"][0][
            "volumeMounts"
        ]


def test_without_a_database_nothing_is_mounted(render) -> None:
    release = render("", "applications.my-tomorrows-api.database=false")
    assert [mount["name"] for mount in release.container()["volumeMounts"]] == ["tmp"]
    assert "DATABASE_URL" not in release.env()


def test_staging_and_prod_have_no_claim(render) -> None:
    assert not render(environment="staging").all("PersistentVolumeClaim")
    assert not render(environment="prod").all("PersistentVolumeClaim")


def test_a_claim_is_overridden(render) -> None:
    claim = render("persistence: {size: 5Gi, storageClassName: fast}\n").one(
        "PersistentVolumeClaim", "my-app-data"
    )
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"


@pytest.mark.parametrize("text", ["{size: big}", "{mountPath: data}", "{sise: 1Gi}"])
def test_a_claim_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "persistence." in refused(f"persistence: {text}\n", line=1)


def test_prod_makes_the_priority_classes_and_none_is_the_default(render) -> None:
    classes = render(environment="prod").all("PriorityClass")
    assert {name: item["value"] for name, item in classes.items()} == {
        "my-app-critical": 1000,
        "my-app-normal": 100,
        "my-app-low": 10,
    }
    for item in classes.values():
        assert item["globalDefault"] is False
        assert "namespace" not in item["metadata"]


def test_priority_classes_are_off_elsewhere_and_another_can_be_added(render) -> None:
    assert not render().all("PriorityClass")
    text = "priorityClasses: {classes: {urgent: {value: 1000000, description: Now}}}\n"
    assert render(text, environment="prod").all("PriorityClass")["my-app-urgent"]["value"] == 1_000_000


def test_a_priority_class_that_cannot_be_is_refused(refused) -> None:
    assert "priorityClasses.classes.x.value" in refused(
        "priorityClasses: {classes: {x: {value: high, description: ''}}}\n", line=1
    )


def test_the_namespace_is_made_on_demand_with_its_labels(render) -> None:
    assert not render().all("Namespace")
    namespace = render("namespace: {create: true}\n").one("Namespace", "my-app-dev")
    for mode in ("enforce", "audit", "warn"):
        assert namespace["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"
    assert namespace["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_behind_an_aws_load_balancer_pods_wait_until_it_sends_to_them(render) -> None:
    gate = "elbv2.k8s.aws/pod-readiness-gate-inject"
    made = render("namespace: {create: true}\n", environment="prod").one("Namespace", "my-app-prod")
    assert made["metadata"]["labels"][gate] == "enabled"
    other = render("namespace: {create: true}\ningress: {className: nginx}\n", environment="prod")
    assert gate not in other.one("Namespace", "my-app-prod")["metadata"]["labels"]


def test_prometheus_may_read_what_it_is_told_to_read(render) -> None:
    text = "monitoring: {namespace: metrics, serviceMonitor: {enabled: true}}\n"
    (rule,) = render(text, environment="prod").one("NetworkPolicy")["spec"]["ingress"]
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}
    assert peer in rule["from"]
    (rule,) = render(environment="prod").one("NetworkPolicy")["spec"]["ingress"]
    assert peer not in rule["from"]


def test_service_monitors_are_behind_a_switch(render, refused) -> None:
    assert not render().all("ServiceMonitor")
    release = render(
        "monitoring: {labels: {release: kube}, serviceMonitor: {enabled: true, interval: 15s}}\n"
    )
    labels = release.one("ServiceMonitor")["metadata"]["labels"]
    assert (labels["release"], labels["app.kubernetes.io/name"]) == ("kube", "my-tomorrows-api")
    (endpoint,) = release.one("ServiceMonitor")["spec"]["endpoints"]
    assert endpoint == {"port": "http", "path": "/metrics", "interval": "15s"}
    assert "interval" in refused("monitoring: {serviceMonitor: {interval: soon}}\n", line=1)


def test_whole_objects_for_the_rest(render, refused) -> None:
    text = "extraObjects:\n  - {apiVersion: v1, kind: LimitRange, metadata: {name: x}, spec: {limits: []}}\n"
    assert render(text).one("LimitRange", "x")["spec"] == {"limits": []}
    assert "extraObjects[0]" in refused("extraObjects:\n  - {kind: X}\n")


def test_each_application_has_a_test_pod_that_asks_it(render) -> None:
    release = render(environment="prod")
    pods = release.all("Pod")
    assert sorted(pods) == [f"{name}-test" for name in sorted(release.all("Deployment"))]
    pod = pods["my-tomorrows-api-test"]
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert pod["spec"]["containers"][0]["command"][-1] == "http://my-tomorrows-api:80/health"
    assert pod["spec"]["restartPolicy"] == "Never"
    assert not render("tests: {enabled: false}\n").all("Pod")
