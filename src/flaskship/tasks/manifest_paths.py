"""From a field as causes name it to its path in the workload's manifest."""

import re
from collections.abc import Mapping
from typing import Any

from flaskship.model.release import Document
from flaskship.tasks.places import escaped
from flaskship.tasks.setters import pod_of

POD = "spec.template.spec"
_PROBE = re.compile(r"probes\.(?P<kind>startup|readiness|liveness)(?P<below>\.\w+)?")
_OF_THE_POD = ("initContainers", "volumes", "serviceAccountName", "hostNetwork")
_NAMED = re.compile(r"containers\[(?P<name>[^\]]+)\]\.(?P<rest>.+)")
_INDEX = re.compile(r"\[(\d+)\]")
_OF_THE_WORKLOAD = {
    "replicas": "spec.replicas",
    "progressDeadlineSeconds": "spec.progressDeadlineSeconds",
    "nodePort": "spec.ports",
}
_ALIASES = {"migrations": "initContainers", "service.targetPort": "ports"}


def manifest_path(document: Document, field: str, container: str | None = None) -> str:
    """Return where a manifest has a field: below its main or the named container, the pod or the whole."""
    if field in _OF_THE_WORKLOAD:
        return _OF_THE_WORKLOAD[field]
    if named := _NAMED.fullmatch(field):
        return f"{_container(document, named['name'])}.{named['rest']}"
    if probe := _PROBE.fullmatch(field):
        below = ".httpGet.path" if probe["below"] == ".path" else probe["below"] or ""
        return f"{_main(document)}.{probe['kind']}Probe{below}"
    name, _, rest = _ALIASES.get(field, field).partition(".")
    if name == "env" and rest:
        return _variable(document, rest, container)
    if name.partition("[")[0] in _OF_THE_POD:
        return f"{POD}.{name}"
    below = _container(document, container) if container is not None else _main(document)
    return f"{below}.{_ALIASES.get(field, field)}"


def quoted(document: Document, path: str) -> str:
    """Return a path of a manifest with the dots escaped that stand within its keys, as labels have them."""
    found, rest = "", path
    value: Any = document
    while rest and isinstance(value, Mapping):
        key = max((one for one in map(str, value) if _begins(rest, one)), key=len, default="")
        if not key:
            break
        found = ".".join(filter(None, (found, escaped(key))))
        value, rest = value.get(key), rest.removeprefix(key).removeprefix(".")
        while isinstance(value, list) and (index := _INDEX.match(rest)):
            found += index[0]
            number = int(index[1])
            value, rest = (
                value[number] if number < len(value) else None,
                rest[index.end() :].removeprefix("."),
            )
    return ".".join(filter(None, (found, rest)))


def _begins(rest: str, key: str) -> bool:
    return rest == key or rest.startswith((f"{key}.", f"{key}["))


def _main(document: Document) -> str:
    """The container that carries the workload's name, else the first."""
    names = [one.get("name") for one in pod_of(document).get("containers") or ()]
    own = (document.get("metadata") or {}).get("name")
    return f"{POD}.containers[{names.index(own) if own in names else 0}]"


def _container(document: Document, name: str) -> str:
    for group in ("containers", "initContainers"):
        for number, container in enumerate(pod_of(document).get(group) or ()):
            if container.get("name") == name:
                return f"{POD}.{group}[{number}]"
    return _main(document)


def _variable(document: Document, name: str, of: str | None) -> str:
    for group in ("containers", "initContainers"):
        for number, container in enumerate(pod_of(document).get(group) or ()):
            for index, entry in enumerate(container.get("env") or ()):
                if entry.get("name") == name and of in (None, container.get("name")):
                    return f"{POD}.{group}[{number}].env[{index}]"
    return f"{_main(document)}.env"
