"""Which liveness probes a release brings that nobody has asked yet, and how long that takes."""

from typing import Any

import pytest

from flaskship.verification.liveness_due import MARGIN, PERIOD, seconds_until_asked

PROBE = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 4}
PORTS = [{"name": "http", "containerPort": 5000}]


def workload(
    probe: dict[str, Any] | None, *, kind: str = "Deployment", ports: Any = PORTS, **spec: Any
) -> dict[str, Any]:
    container = {"name": "api", "image": "i", "ports": ports} | ({"livenessProbe": probe} if probe else {})
    template = {"spec": {"containers": [container, {"name": "beside"}]}}
    return {"kind": kind, "metadata": {"name": "api"}, "spec": {"template": template, **spec}}


@pytest.mark.parametrize(
    ("now", "before", "seconds"),
    [
        (workload(PROBE), workload(PROBE), 0.0),
        (workload(PROBE), workload(PROBE, kind="Rollout"), 0.0),
        (workload(PROBE | {"httpGet": {"path": "/nope", "port": "http"}}), workload(PROBE), 4.0 + MARGIN),
        (workload(PROBE), workload(PROBE, ports=[{"name": "http", "containerPort": 1}]), 4.0 + MARGIN),
        (workload(PROBE), workload(None), 4.0 + MARGIN),
        (workload(None), workload(PROBE), 0.0),
        (workload({"tcpSocket": {"port": 1}}), workload(PROBE), PERIOD + MARGIN),
        (workload(PROBE | {"initialDelaySeconds": 7}), workload(PROBE), 11.0 + MARGIN),
        (workload(PROBE | {"periodSeconds": 300}), workload(PROBE), 0.0),
        (workload(PROBE, replicas=0), workload(None), 0.0),
        ({"kind": "Service", "metadata": {"name": "api"}}, workload(PROBE), 0.0),
    ],
)
def test_a_probe_that_is_new_is_asked_within_its_period(
    now: dict[str, Any], before: dict[str, Any], seconds: float
) -> None:
    assert seconds_until_asked((now,), (before,)) == seconds


def test_what_is_new_as_a_whole_counts_and_a_first_deploy_waits_for_nothing() -> None:
    assert seconds_until_asked((workload(PROBE),), ()) == 4.0 + MARGIN
    assert seconds_until_asked((workload(PROBE),), None) == 0.0
