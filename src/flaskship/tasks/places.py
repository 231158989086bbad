"""Where in the values of an environment stands what changes a fault of its objects."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from flaskship.model.location import Location
from flaskship.policy.entries import entry_name
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault
from flaskship.tasks.world import Layered, Setting, World

LONGEST = 1000
"""Entries of one list that are looked at."""
_STEP = re.compile(r"\[(?P<index>\d+)\]|(?P<key>(?:\\.|[^.\[\\])+)")
_ENTRY = re.compile(r"(?:^|\.)(?P<list>initContainers|volumes|volumeMounts|envFrom|tolerations|env)\[\d+\]")
_CONTAINER = re.compile(r"(?:^|\.)containers\[\d+\]\.")
_SHARED = {
    "Namespace": "namespace.create",
    "Ingress": "ingress",
    "NetworkPolicy": "networkPolicy",
    "PersistentVolumeClaim": "persistence",
    "Secret": "secrets.generated",
    "SecretStore": "secrets.external",
    "ServiceAccount": "aws.serviceAccount",
    "ServiceMonitor": "monitoring.serviceMonitor",
    "PrometheusRule": "monitoring.prometheusRule",
}
"""The values of the kinds that belong to no application."""
_OWN = {
    "HorizontalPodAutoscaler": "autoscaling",
    "VerticalPodAutoscaler": "vpa",
    "PodDisruptionBudget": "pdb",
    "Service": "service",
    "NetworkPolicy": "networkPolicy",
    "Role": "serviceAccount.rules",
}
"""The values of an application behind what its kinds specify."""
_FIELDS = {
    "startupProbe": "probes.startup",
    "readinessProbe": "probes.readiness",
    "livenessProbe": "probes.liveness",
    "resources": "resources",
    "command": "command",
    "args": "args",
    "ports": "service.targetPort",
}
"""The values of an application behind the fields of its container."""


def locate(world: World, layered: Layered, fault: Fault) -> Location | None:
    """Where the value stands that changes a fault; for what values hold whole, its own field."""
    extra = extra_path(world, layered, fault.object.kind, fault.object.name)
    if extra is not None:
        return place(world, layered, f"{extra}.{fault.field}")
    said = last_said(world, layered, fault)
    return said.location if said else place(world, layered, path_of(world, layered, fault))


def last_said(world: World, layered: Layered, fault: Fault) -> Setting | None:
    """Of a fault's candidates the one that was said last, above the chart's own values; else None."""
    paths = [path_of(world, layered, replace(fault, setting=setting)) for setting in fault.candidates]
    winners = [origins[-1] for path in paths if (origins := world.origins(layered, path))]
    # What is empty or off brought nothing; of the rest the last that was said, and of one layer the nearer.
    said = [one for one in winners if one.value and one.layer != _lowest(world, layered)]
    said = [one for one in said if _holds(one.value, fault.given)] or said
    return max(said, key=lambda one: one.height, default=None)


def _holds(value: Any, given: str) -> bool:
    """Whether an entry of a value is what is given; an address may stand there without its prefix."""
    if isinstance(value, Mapping):
        return any(_holds(one, given) for one in value.values())
    if isinstance(value, list):
        return any(_holds(one, given) for one in value)
    return bool(given) and str(value) in (given, given.removesuffix("/32"), given.removesuffix("/128"))


def extra_path(world: World, layered: Layered, kind: str, name: str) -> str | None:
    """The path of an object that the values hold whole; None for one that the chart makes."""
    extra = value_at(world, layered, "extraObjects")
    for index, given in enumerate(extra if isinstance(extra, list) else ()):
        if _is(given, kind, name):
            return f"extraObjects[{index}]"
    return None


def _lowest(world: World, layered: Layered) -> str:
    """The layer of the chart's own values."""
    return next((one.layer for one in world.origins(layered, "defaults")), "")


def place(world: World, layered: Layered, path: str) -> Location | None:
    """Where the winner of a path stands, or that of the nearest ancestor that some layer set."""
    ancestors = list(_upwards(path))
    for ancestor, above in zip(ancestors, [*ancestors[1:], ""], strict=True):
        origins = world.origins(layered, ancestor)
        # A layer may answer with the empty list or a null that has no such path: then one above won.
        if origins and origins[-1].path.endswith(ancestor[len(above) :].removeprefix(".")):
            return origins[-1].location
    return None


def set_above(world: World, layered: Layered, path: str) -> Setting | None:
    """What won a very path, where it is above the chart's own values; None where nobody has set it."""
    origins = world.origins(layered, path)
    last = path.rpartition(".")[2]
    if not origins or not origins[-1].path.endswith(last) or origins[-1].layer == _lowest(world, layered):
        return None
    return origins[-1]


def value_at(world: World, layered: Layered, path: str) -> Any:
    """What the last layer says at a path, None where none does."""
    origins = world.origins(layered, path)
    return origins[-1].value if origins else None


def names_at(world: World, layered: Layered, path: str) -> Iterable[str]:
    """The names in a map, whichever layer has them."""
    names: dict[str, None] = {}
    for origin in world.origins(layered, path):
        if isinstance(origin.value, Mapping):
            names.update(dict.fromkeys(map(str, origin.value)))
    return names


def application_path(name: str) -> str:
    """The path of an application."""
    return f"applications.{escaped(name)}"


def escaped(name: str) -> str:
    """A name as one part of a path."""
    return name.replace(".", "\\.")


def path_of(world: World, layered: Layered, fault: Fault) -> str:
    """The path of the value that changes a fault, whoever has said it."""
    if fault.setting.startswith("."):
        return fault.setting[1:]
    if fault.object.is_hook and not (fault.object.application and fault.setting.startswith("image")):
        return "tests.enabled"
    if fault.object.application is None and not fault.setting:
        return _shared(world, layered, fault)
    root = application_path(fault.object.application) if fault.object.application else "defaults"
    if fault.object.pod is not None and (found := _entry(world, layered, fault, root)):
        return found
    setting = fault.setting or _setting(fault)
    return f"{root}.{setting}" if setting else root


def _shared(world: World, layered: Layered, fault: Fault) -> str:
    name = fault.object.name.replace(".", "\\.")
    if fault.object.kind == "PriorityClass":
        prefix = value_at(world, layered, "priorityClasses.prefix")
        return f"priorityClasses.classes.{name.removeprefix(f'{prefix}-')}"
    if fault.object.kind == "ExternalSecret":
        return f"secrets.external.secrets.{name}"
    return _SHARED.get(fault.object.kind, "defaults")


def _setting(fault: Fault) -> str:
    """The value behind a field that the rule knows nothing of."""
    container = _CONTAINER.search(fault.field)
    if container:
        head = re.split(r"[.\[]", fault.field[container.end() :], maxsplit=1)[0]
        return _FIELDS.get(head, "")
    return "" if fault.field.startswith("metadata") else _OWN.get(fault.object.kind, "")


def _entry(world: World, layered: Layered, fault: Fault, root: str) -> str | None:
    """The entry of a list of the values that a pod has taken over, or what brought the chart's own."""
    around: str | None = None
    for found in _ENTRY.finditer(fault.field):
        entry = _node(fault.object.node, fault.field[: found.end()])
        if found["list"] == "env":
            return _variable(world, layered, entry, root)
        name = entry_name(found["list"], entry)
        for path, one in entries(world, layered, f"{root}.{found['list']}"):
            if name and name == entry_name(found["list"], one):
                return f"{path}{fault.field[found.end() :]}"
        if found["list"] == "volumes":
            return _volume(entry)
        if found["list"] == "initContainers" and fault.setting in ("", "initContainers"):
            around = f"{root}.migrations"
        if found["list"] == "volumeMounts" and (mount := _mount(fault, entry)):
            return mount
    return around


def _mount(fault: Fault, entry: Node) -> str | None:
    """What says where the chart's own volumes are mounted."""
    assert fault.object.pod is not None
    for volume in fault.object.pod.spec.at("volumes").items():
        if volume.at("name").text == entry.at("name").text:
            if volume.at("persistentVolumeClaim"):
                return "persistence.mountPath"
            return "secrets.mountPath" if volume.at("secret") else None
    return None


def entries(world: World, layered: Layered, path: str) -> Iterator[tuple[str, Node]]:
    """The entries of a list of the values, each with its path and all that the layers say of it."""
    for index in range(LONGEST):
        at = f"{path}[{index}]"
        entry: dict[str, Any] = {}
        for origin in world.origins(layered, at):
            if origin.path.endswith(f"[{index}]") and isinstance(origin.value, Mapping):
                entry.update(origin.value)
        if not entry:
            return
        yield at, Node(entry)


def _variable(world: World, layered: Layered, entry: Node, root: str) -> str | None:
    name = (entry.at("name").text or "").replace(".", "\\.")
    if world.origins(layered, f"{root}.env.{name}"):
        return f"{root}.env.{name}"
    return "secrets.provider" if entry.at("valueFrom", "secretKeyRef") else None


def _volume(entry: Node) -> str | None:
    if entry.at("persistentVolumeClaim"):
        return "persistence.enabled"
    return "secrets.provider" if entry.at("secret") else None


def _node(node: Node, path: str) -> Node:
    for step in _STEP.finditer(path):
        if step["key"] is not None:
            node = node.at(re.sub(r"\\(.)", r"\1", step["key"]))
        else:
            items = list(node.items())
            index = int(step["index"])
            node = items[index] if index < len(items) else Node(None)
    return node


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        end = len(path) - 1
        while end > 0 and (path[end] not in ".[" or path[end - 1] == "\\"):
            end -= 1
        path = path[:end]


def _is(given: Any, kind: str, name: str) -> bool:
    if not isinstance(given, Mapping) or given.get("kind") != kind:
        return False
    metadata = given.get("metadata")
    return isinstance(metadata, Mapping) and metadata.get("name") == name
