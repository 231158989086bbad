"""The rendered objects as the rules see them: typed, frozen, and each able to say where a fault stands."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

from flaskship.model.frozen import dataclass
from flaskship.policy.node import Node

NAME_LABEL = "app.kubernetes.io/name"
HOOK = "helm.sh/hook"

POD_PATHS: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
SERVING = ("Deployment", "Rollout", "StatefulSet", "DaemonSet")
"""The kinds whose pods run until something replaces them."""
REPLICATED = ("Deployment", "Rollout", "StatefulSet", "ReplicaSet")
"""The kinds that say how many pods they want."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found: where in the object it stands, and which value changes it.

    `setting` is a path below the application's values; one that begins with a dot starts at the top, an empty
    one is the application as a whole. Of the candidates that a layer above the chart's own has set, that of
    the highest layer counts instead, and of one layer the first; those that hold what is `given` before all.
    """

    object: "Object"
    message: str
    field: str
    setting: str
    candidates: tuple[str, ...] = ()
    given: str = ""


@dataclass(frozen=True, eq=False)
class Object:
    """One rendered object, itself alone: thousands are compared with one another, so that each reads once."""

    node: Node = field(repr=False)
    application: str | None
    """The application of the values that it belongs to."""
    released_to: str | None = None
    """The release's namespace, where Helm puts what names none."""

    @cached_property
    def kind(self) -> str:
        """Its kind, empty where it has none."""
        return self.node.at("kind").text or ""

    @cached_property
    def api_version(self) -> str:
        """Its group and version."""
        return self.node.at("apiVersion").text or ""

    @cached_property
    def name(self) -> str:
        """Its name, empty where it has none."""
        return self.node.at("metadata", "name").text or ""

    @cached_property
    def namespace(self) -> str | None:
        """The namespace that it names, else the release's."""
        return self.node.at("metadata", "namespace").text or self.released_to

    @cached_property
    def id(self) -> str:
        """How findings call it."""
        return f"{self.kind}/{self.name}"

    @cached_property
    def labels(self) -> dict[str, str]:
        """Its own labels."""
        return self.node.at("metadata", "labels").labels

    @cached_property
    def annotations(self) -> dict[str, str]:
        """Its annotations."""
        return self.node.at("metadata", "annotations").labels

    @cached_property
    def is_hook(self) -> bool:
        """Whether Helm runs it at an event instead of installing it."""
        return HOOK in self.annotations

    @cached_property
    def spec(self) -> Node:
        """Its specification."""
        return self.node.at("spec")

    def fault(self, message: str, at: Node | str, setting: str = "") -> Fault:
        """A fault of this object."""
        return Fault(self, message, at if isinstance(at, str) else at.path, setting)

    @cached_property
    def pod(self) -> "Pod | None":
        """The pod that it is, or the template of those that it makes."""
        path = POD_PATHS.get(self.kind)
        return None if path is None else Pod(self, self.node.at(*path))


@dataclass(frozen=True, eq=False)
class Pod:
    """A pod, or the template of one."""

    owner: Object
    node: Node = field(repr=False)

    @cached_property
    def spec(self) -> Node:
        """Its specification."""
        return self.node.at("spec")

    @cached_property
    def labels(self) -> dict[str, str]:
        """What selectors see."""
        return self.node.at("metadata", "labels").labels

    @cached_property
    def security(self) -> Node:
        """Its security context."""
        return self.spec.at("securityContext")

    @cached_property
    def serves(self) -> bool:
        """Whether it runs until something replaces it."""
        return self.owner.kind in SERVING

    @cached_property
    def containers(self) -> "tuple[Container, ...]":
        """What runs as long as the pod."""
        return tuple(Container(self, node, False) for node in self.spec.at("containers").items())

    @cached_property
    def all_containers(self) -> "tuple[Container, ...]":
        """Those that run before the others, too."""
        initial = tuple(Container(self, node, True) for node in self.spec.at("initContainers").items())
        return (*initial, *self.containers)

    @cached_property
    def every_container(self) -> "tuple[Container, ...]":
        """Those that somebody adds to look around, too: they have no resources, but all the rights."""
        ephemeral = tuple(
            Container(self, node, False) for node in self.spec.at("ephemeralContainers").items()
        )
        return (*self.all_containers, *ephemeral)


@dataclass(frozen=True, eq=False)
class Container:
    """One container of a pod."""

    pod: Pod
    node: Node = field(repr=False)
    initial: bool

    @cached_property
    def name(self) -> str:
        """Its name, empty where it has none."""
        return self.node.at("name").text or ""

    @cached_property
    def image(self) -> str:
        """The reference of its image, empty where it has none."""
        return self.node.at("image").text or ""

    @cached_property
    def ports(self) -> tuple[Node, ...]:
        """The ports that it declares."""
        return tuple(self.node.at("ports").items())

    @cached_property
    def port_names(self) -> frozenset[int | str]:
        """Numbers and names under which its ports are known."""
        found = {
            known for port in self.ports for known in (port.at("containerPort").port, port.at("name").text)
        }
        return frozenset(one for one in found if one is not None)

    def security(self, key: str) -> Node:
        """One key of its security context; the pod's where it says nothing itself."""
        own = self.node.at("securityContext", key)
        return own if own else Node(self.pod.security.at(key).content, own.path)

    def fault(self, message: str, at: Node | str, setting: str = "") -> Fault:
        """A fault of this container; without a setting, of the values that brought it."""
        brought = "initContainers" if self.initial else ""
        return self.pod.owner.fault(f"container {self.name}: {message}", at, setting or brought)


def parse_objects(
    documents: tuple[Mapping[str, Any], ...], applications: tuple[str, ...], namespace: str | None = None
) -> tuple[Object, ...]:
    """The rendered documents as objects, each with its application, and the namespace of their release."""
    return tuple(
        Object(node, _application(node, applications), namespace)
        for document in documents
        for node in _unpacked(Node(document))
        if node.content
    )


def _unpacked(node: Node) -> Iterator[Node]:
    """The objects of a List, or the object itself."""
    if node.at("kind").text == "List":
        yield from node.at("items").items()
    else:
        yield node


def _application(node: Node, applications: tuple[str, ...]) -> str | None:
    labelled = node.at("metadata", "labels", NAME_LABEL).text
    if labelled in applications:
        return labelled
    name = node.at("metadata", "name").text or ""
    owners = [one for one in applications if name == one or name.startswith(f"{one}-")]
    return max(owners, key=len, default=None)


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether labels meet a selector; an empty one selects everything."""
    return all(labels.get(key) == value for key, value in selector.items())


def pods_of(objects: tuple[Object, ...]) -> Iterator[Pod]:
    """Every pod and template of a pod."""
    for one in objects:
        if (pod := one.pod) is not None:
            yield pod
