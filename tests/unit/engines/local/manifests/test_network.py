"""Services and Ingresses."""

import pytest

from flaskship.engines.local.spec import IngressRule, ServicePort


def service(name="web", **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ingress(**spec):
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "entrance"},
        "spec": spec,
    }


def backend(service="web", **port):
    return {"service": {"name": service, "port": port}}


def test_defaults_of_a_service(read):
    [found] = read(service(ports=[{"port": 80}])).services
    assert (found.type, found.headless, found.selector) == ("ClusterIP", False, {})
    assert found.ports == (ServicePort(80, 80, None, None, "TCP", None),)


def test_a_node_port(read):
    port = {"name": "http", "port": 80, "targetPort": "http", "nodePort": 30080, "appProtocol": "http"}
    [found] = read(service(type="NodePort", selector={"a": "b"}, ports=[port])).services
    assert found.selector == {"a": "b"}
    assert found.ports == (ServicePort(80, "http", "http", 30080, "TCP", "http"),)


def test_a_headless_service(read):
    [found] = read(service(clusterIP="None")).services
    assert found.headless


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({}, "spec.ports: is missing"),
        ({"ports": [{}]}, "spec.ports[0].port: is missing"),
        ({"ports": [{"port": "80"}]}, "spec.ports[0].port: a whole number"),
        ({"ports": [{"port": 80, "targetPort": "A"}]}, "spec.ports[0].targetPort: 'A' is no port name"),
        ({"ports": [{"port": 80, "targetPort": 70000}]}, "spec.ports[0].targetPort: 70000 is too large"),
        ({"ports": [{"port": 80}, {"port": 81}]}, "spec.ports[0].name: is missing: with several ports"),
        (
            {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]},
            "spec.ports[1].name: 'a' is used twice",
        ),
        (
            {"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]},
            "spec.ports[1].port: 80 is used twice",
        ),
        ({"ports": [{"port": 80, "nodePort": 30080}]}, "spec.ports[0].nodePort: has no place in a ClusterIP"),
        (
            {"type": "NodePort", "ports": [{"port": 80, "nodePort": 8080}]},
            "spec.ports[0].nodePort: 8080 is outside of 30000-32767",
        ),
        ({"type": "Balanced", "ports": [{"port": 80}]}, "spec.type: 'Balanced' is none of"),
        ({"selector": {"a": 1}, "ports": [{"port": 80}]}, "spec.selector.a: text is expected"),
    ],
)
def test_bad_services(refuse, spec, sentence):
    assert refuse(service(**spec)).startswith(f"Service/web: {sentence}")


def test_a_service_has_no_dots_in_its_name(refuse):
    assert "metadata.name: 'a.b' is no name here" in refuse(service(name="a.b", ports=[{"port": 80}]))


def test_one_node_port_for_two_services(refuse):
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}
    refused = refuse(service("a", **spec), service("b", **spec))
    assert refused == "Service/b: spec.ports[0].nodePort: 30080 belongs to Service/a already"


def test_rules_of_an_ingress(read):
    path = {"path": "/x", "pathType": "Exact", "backend": backend(number=80)}
    [found] = read(ingress(rules=[{"host": "a.example", "http": {"paths": [path]}}])).ingresses
    assert found.rules == (IngressRule("a.example", "/x", "Exact", "web", 80),)


def test_a_default_backend_is_no_rule(read):
    [found] = read(ingress(defaultBackend=backend("web", name="http"))).ingresses
    assert (found.rules, found.default) == ((), ("web", "http"))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({}, "spec: rules or defaultBackend is expected"),
        ({"defaultBackend": {"service": {"name": "web"}}}, "spec.defaultBackend.service.port: is missing"),
        (
            {"defaultBackend": backend()},
            "spec.defaultBackend.service.port: exactly one of name, number",
        ),
        (
            {"rules": [{"http": {"paths": [{"path": "/"}]}}]},
            "spec.rules[0].http.paths[0].pathType: is missing",
        ),
        (
            {
                "rules": [
                    {
                        "http": {
                            "paths": [
                                {
                                    "path": "x",
                                    "pathType": "Prefix",
                                    "backend": {"resource": {"kind": "Bucket"}},
                                }
                            ]
                        }
                    }
                ]
            },
            "spec.rules[0].http.paths[0].path: 'x' does not begin with /",
        ),
    ],
)
def test_bad_ingresses(refuse, spec, sentence):
    assert refuse(ingress(**spec)).startswith(f"Ingress/entrance: {sentence}")
