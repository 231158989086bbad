"""Which kind of cluster a context leads to, so that an image gets into its nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.containers.shipment import TARGETS, Target
from flaskship.model.errors import ConfigurationError, PreflightError


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node says of itself."""

    name: str = ""
    runtime: str = ""
    kubelet: str = ""
    system: str = ""
    provider: str = ""
    labels: Mapping[str, str] | None = None


def node_facts(node: Mapping[str, Any]) -> NodeFacts:
    """Return the facts of a Node object."""
    metadata = node.get("metadata") or {}
    info = (node.get("status") or {}).get("nodeInfo") or {}
    return NodeFacts(
        str(metadata.get("name", "")),
        str(info.get("containerRuntimeVersion", "")),
        str(info.get("kubeletVersion", "")),
        str(info.get("osImage", "")),
        str((node.get("spec") or {}).get("providerID", "")),
        metadata.get("labels") or {},
    )


def recognise(context: str, nodes: tuple[NodeFacts, ...]) -> Target | None:
    """Return the kind of cluster; what its nodes say counts more than what its context is called."""
    for node in nodes:
        labels = node.labels or {}
        if node.provider.startswith("kind://"):
            return "kind"
        if "minikube.k8s.io/name" in labels:
            return "minikube"
        if "+k3s" in node.kubelet or node.provider.startswith("k3s://"):
            return "k3s"
        if node.name in ("docker-desktop", "desktop-control-plane") or "Docker Desktop" in node.system:
            return "docker-desktop"
    if not nodes:
        return _by_name(context)
    return "containerd" if all(node.runtime.startswith("containerd://") for node in nodes) else None


def chosen(context: str | None, into: Target | None, nodes: tuple[NodeFacts, ...]) -> Target:
    """Return where an image goes, or say what has to be told."""
    if into is not None:
        return into
    listed = ", ".join(TARGETS)
    if context is None:
        raise ConfigurationError(
            "--load: into which cluster?",
            hint=f"name it with --context NAME, or its kind with --into: {listed}",
        )
    found = recognise(context, nodes)
    if found is None:
        runtimes = ", ".join(sorted({node.runtime for node in nodes})) or "no node answered"
        raise PreflightError(
            f"context {context}: it cannot be told how an image gets into its nodes ({runtimes})",
            hint=f"say --into: {listed}; or let the cluster pull it: flaskship build --push",
        )
    return found


def _by_name(context: str) -> Target | None:
    if context.startswith("kind-"):
        return "kind"
    names: Mapping[str, Target] = {"minikube": "minikube", "docker-desktop": "docker-desktop", "k3s": "k3s"}
    return names.get(context)
