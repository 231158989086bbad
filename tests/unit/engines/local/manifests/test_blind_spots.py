"""What is ignored here is told by its reason: many fields of many objects are one entry."""

from tests.contract.documents import deployment, service

from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.manifests.blind_spots import ignored_of


def secured(name: str) -> dict[str, object]:
    one = deployment(name, "demo:1.0")
    pod = one["spec"]["template"]["spec"]
    pod["containers"][0] |= {
        "imagePullPolicy": "Always",
        "securityContext": {"runAsUser": 1, "privileged": False},
    }
    pod["automountServiceAccountToken"] = False
    return one


POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny"},
    "spec": {"podSelector": {}},
}


def test_fields_are_gathered_by_their_reason():
    found = {one.reason: one for one in ignored_of((secured("a"), secured("b"), POLICY))}
    isolation = found["processes run as the user who started the engine, without isolation"]
    assert isolation.fields == ("securityContext.runAsUser", "securityContext.privileged")
    assert isolation.objects == ("Deployment/a", "Deployment/b")
    assert found["loopback is not filtered"].fields == ("NetworkPolicy",)
    assert found["images are built on this machine, never pulled"].fields == ("imagePullPolicy",)
    assert found["there is no API server to show a token to"].fields == ("automountServiceAccountToken",)


def test_what_is_honoured_is_no_blind_spot():
    assert ignored_of((deployment("a", "demo:1.0"), service("a"))) == ()


def test_the_engine_tells_the_same(tmp_path):
    assert LocalEngine(tmp_path).ignored((POLICY,)) == ignored_of((POLICY,))
