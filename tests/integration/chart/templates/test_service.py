"""service.yaml: a Service named as its application."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.on
def test_dev_answers_on_the_port_of_the_guide(render) -> None:
    spec = render().one("Service")["spec"]
    assert spec["type"] == "NodePort"
    assert spec["ports"] == [
        {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "nodePort": 30080}
    ]
    assert spec["selector"] == {
        "app.kubernetes.io/name": "my-tomorrows-api",
        "app.kubernetes.io/instance": "dev-apps",
    }


@pytest.mark.on
def test_the_others_are_inside_only(render) -> None:
    for service in render(environment="prod").all("Service").values():
        assert service["spec"]["type"] == "ClusterIP"
        assert "nodePort" not in service["spec"]["ports"][0]


@pytest.mark.off
def test_a_service_can_be_off(render) -> None:
    release = render("", "applications.my-tomorrows-worker.service.enabled=false")
    assert list(release.all("Service")) == ["my-tomorrows-api"]
    assert "my-tomorrows-worker-test" not in release.all("Pod")


@pytest.mark.override
def test_ports_and_annotations_are_overridden_together_with_the_container(render) -> None:
    release = render(API + "service: {port: 8080, targetPort: 9000, annotations: {a: b}}\n")
    assert release.one("Service")["spec"]["ports"][0]["port"] == 8080
    assert release.one("Service")["metadata"]["annotations"]["a"] == "b"
    assert release.container()["ports"][0]["containerPort"] == 9000
    assert release.env()["PORT"] == "9000"


@pytest.mark.bad
@pytest.mark.parametrize(
    "service", ["{port: 0}", "{port: http}", "{nodePort: 80}", "{type: External}", "{prot: 1}"]
)
def test_a_service_that_cannot_be_is_refused(refused, service: str) -> None:
    assert "applications.my-tomorrows-api.service." in refused(API + f"service: {service}\n", line=3)


@pytest.mark.bad
def test_a_node_port_wants_its_type(refused) -> None:
    text = "applications:\n  my-tomorrows-worker:\n    service: {nodePort: 30081}\n"
    assert "set service.type to NodePort" in refused(text, line=3)


@pytest.mark.bad
def test_a_node_port_is_given_once(refused) -> None:
    text = "applications:\n  my-tomorrows-worker:\n    service: {type: NodePort, nodePort: 30080}\n"
    assert "30080 is taken by my-tomorrows-api already" in refused(text, line=3)
