"""Which kind of cluster a context leads to."""

from typing import Any

import pytest

from flaskship.containers.shipment import Target
from flaskship.containers.targets import NodeFacts, chosen, node_facts, recognise
from flaskship.model.errors import ConfigurationError, PreflightError


def node(name: str = "n", provider: str = "", labels: Any = None, **info: str) -> NodeFacts:
    said = {"containerRuntimeVersion": "containerd://2.1", "kubeletVersion": "v1.37.0", **info}
    return node_facts(
        {
            "metadata": {"name": name, "labels": labels},
            "spec": {"providerID": provider} if provider else {},
            "status": {"nodeInfo": said},
        }
    )


NODES: list[tuple[Target, NodeFacts]] = [
    ("kind", node("kind-control-plane", "kind://docker/kind/kind-control-plane")),
    ("minikube", node("minikube", labels={"minikube.k8s.io/name": "minikube"})),
    ("k3s", node("host", "k3s://host", kubeletVersion="v1.36.1+k3s1")),
    ("docker-desktop", node("docker-desktop", osImage="Docker Desktop")),
    ("containerd", node("onenode", osImage="Debian GNU/Linux 12")),
]


@pytest.mark.parametrize(("target", "facts"), NODES)
def test_a_node_tells_what_it_is_whatever_its_context_is_called(target: Target, facts: NodeFacts) -> None:
    assert recognise("kind-of-misleading", (facts,)) == target
    assert chosen("anything", None, (facts,)) == target


@pytest.mark.parametrize(
    ("context", "target"),
    [("kind-dev", "kind"), ("minikube", "minikube"), ("docker-desktop", "docker-desktop"), ("prod", None)],
)
def test_without_nodes_the_name_of_the_context_has_to_do(context: str, target: Target | None) -> None:
    assert recognise(context, ()) == target


def test_what_the_user_says_counts_first() -> None:
    assert chosen(None, "k3s", ()) == "k3s"
    assert chosen("kind-dev", "containerd", ()) == "containerd"


def test_without_a_context_nobody_guesses() -> None:
    with pytest.raises(ConfigurationError, match="into which cluster"):
        chosen(None, None, ())


def test_a_runtime_that_cannot_be_loaded_into_is_named() -> None:
    crio = node(containerRuntimeVersion="cri-o://1.37")
    with pytest.raises(PreflightError, match="cri-o") as refused:
        chosen("prod", None, (crio,))
    assert "--push" in str(refused.value.hint)
