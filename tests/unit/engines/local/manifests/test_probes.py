"""Probes and hooks with Kubernetes' defaults."""

import pytest

from flaskship.engines.local.spec import Exec, HttpGet, Probe, Sleep, TcpSocket

PORTS = [{"name": "http", "containerPort": 5000}]
KINDS = ["startupProbe", "readinessProbe", "livenessProbe"]
ATTRIBUTES = {"startupProbe": "startup", "readinessProbe": "readiness", "livenessProbe": "liveness"}


@pytest.mark.parametrize("kind", KINDS)
def test_defaults(with_container, deployment, kind):
    main = deployment(with_container(**{kind: {"httpGet": {"port": 5000}}})).template.main
    expected = Probe(HttpGet("/", 5000, "HTTP"), 0, 10, 1, 1, 3)
    assert getattr(main, ATTRIBUTES[kind]) == expected


@pytest.mark.parametrize(
    "field",
    ["periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold", "initialDelaySeconds"],
)
def test_zero_is_the_default(with_container, deployment, field):
    probe = {"tcpSocket": {"port": 1}, field: 0}
    found = deployment(with_container(readinessProbe=probe)).template.main.readiness
    assert found == Probe(TcpSocket(1))


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ({"httpGet": {"port": "http", "path": "/ready"}}, HttpGet("/ready", "http")),
        ({"httpGet": {"port": 1, "path": "ready"}}, HttpGet("/ready", 1)),
        (
            {
                "httpGet": {
                    "port": 1,
                    "scheme": "HTTPS",
                    "host": "h",
                    "httpHeaders": [{"name": "A", "value": "b"}],
                }
            },
            HttpGet("/", 1, "HTTPS", "h", (("A", "b"),)),
        ),
        ({"tcpSocket": {"port": "http", "host": "h"}}, TcpSocket("http", "h")),
        ({"exec": {"command": ["true"]}}, Exec(("true",))),
        ({"grpc": {"port": 9, "service": "x"}}, TcpSocket(9)),
    ],
)
def test_handlers(with_container, deployment, handler, expected):
    main = deployment(with_container(ports=PORTS, livenessProbe=handler)).template.main
    assert main.liveness is not None
    assert main.liveness.handler == expected


@pytest.mark.parametrize(
    ("probe", "sentence"),
    [
        ({}, ": exactly one of exec, grpc, httpGet, tcpSocket is expected, not none"),
        ({"exec": {"command": ["a"]}, "tcpSocket": {"port": 1}}, ": exactly one of exec, grpc"),
        ({"exec": {"command": []}}, ".exec.command: is empty"),
        ({"httpGet": {}}, ".httpGet.port: is missing"),
        ({"httpGet": {"port": "5000"}}, ".httpGet.port: '5000' is no port name"),
        (
            {"httpGet": {"port": "web"}},
            ".httpGet.port: the container has no port named 'web'; it has http",
        ),
        ({"tcpSocket": {"port": "web"}}, ".tcpSocket.port: the container has no port named 'web'"),
        ({"tcpSocket": {"port": 1}, "periodSeconds": -1}, ".periodSeconds: -1 is too small"),
        ({"tcpSocket": {"port": 1}, "timeoutSeconds": "1"}, ".timeoutSeconds: a whole number is expected"),
        ({"httpGet": {"port": 1, "scheme": "http"}}, ".httpGet.scheme: 'http' is none of HTTP, HTTPS"),
        ({"tcpSocket": {"port": 1}, "successThreshold": 2}, ".successThreshold: must be 1"),
    ],
)
def test_bad_probes(with_container, refuse, probe, sentence):
    made = with_container(ports=PORTS, livenessProbe=probe)
    assert refuse(made).startswith(
        f"Deployment/web: spec.template.spec.containers[0].livenessProbe{sentence}"
    )


def test_readiness_may_want_several_successes(with_container, deployment):
    probe = {"tcpSocket": {"port": 1}, "successThreshold": 2}
    found = deployment(with_container(readinessProbe=probe)).template.main.readiness
    assert found is not None
    assert found.success_threshold == 2


def test_hooks(with_container, deployment):
    lifecycle = {"preStop": {"sleep": {"seconds": 5}}, "postStart": {"exec": {"command": ["warm"]}}}
    main = deployment(with_container(lifecycle=lifecycle)).template.main
    assert (main.pre_stop, main.post_start) == (Sleep(5), Exec(("warm",)))


def test_a_hook_that_names_no_port_of_the_container(with_container, refuse):
    made = with_container(lifecycle={"preStop": {"httpGet": {"port": "admin"}}})
    assert "lifecycle.preStop.httpGet.port: the container has no port named 'admin'; it names none" in refuse(
        made
    )
