"""Which ConfigMaps and Secrets a workload refers to, and with which field of its manifest."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flaskship.model.frozen import dataclass
from flaskship.model.release import Document
from flaskship.model.verdict import Cause
from flaskship.tasks.setters import pod_of

POD = "spec.template.spec"
_KEY = re.compile(r"has no key '?(?P<key>[-\w.]+?)'?(?=[;.]?(?:\s|$))")


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference: to what, at which path of the manifest, and the container's field that holds it."""

    kind: str
    name: str
    path: str
    field: str
    """Such as env.DATABASE_URL, envFrom or volumes.data."""
    keys: Mapping[str, str]
    """The keys that it names, each with its path."""


def references(document: Document) -> Iterator[Reference]:
    """Yield every reference of a workload to a ConfigMap or Secret, in the order of the manifest."""
    pod = pod_of(document)
    for group in ("initContainers", "containers"):
        for number, container in enumerate(pod.get(group) or ()):
            at = f"{POD}.{group}[{number}]"
            for index, source in enumerate(container.get("envFrom") or ()):
                for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if ref := source.get(key):
                        yield _reference(kind, ref, f"{at}.envFrom[{index}].{key}", "envFrom")
            for index, entry in enumerate(container.get("env") or ()):
                for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if ref := (entry.get("valueFrom") or {}).get(key):
                        path = f"{at}.env[{index}].valueFrom.{key}"
                        yield _reference(kind, ref, path, f"env.{entry.get('name')}")
    for index, volume in enumerate(pod.get("volumes") or ()):
        for path, kind, ref in _mounted(volume):
            yield _reference(kind, ref, f"{POD}.volumes[{index}].{path}", f"volumes.{volume.get('name')}")


def named_in(document: Document, cause: Cause) -> Reference | None:
    """Return the reference that a cause speaks of; a key that is missing is told at its own path."""
    key = found["key"] if (found := _KEY.search(cause.message)) is not None else ""
    # A kubelet may tell the key alone, and one name can stand in several places: the one that asks fits best.
    candidates = [
        one
        for one in references(document)
        if _is_named(one.name, cause.message) or (key in one.keys and one.kind in cause.message)
    ]
    if not candidates:
        return None
    best = min(
        candidates,
        key=lambda one: (
            not _is_named(one.name, cause.message),
            one.kind not in cause.message,
            bool(key) and key not in one.keys,
            one.field != cause.field,
        ),
    )
    return replace(best, path=best.keys.get(key, best.path))


def _is_named(name: str, message: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", message) is not None


def _mounted(volume: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    sources = (
        [("", volume)]
        if "projected" not in volume
        else [
            (f"projected.sources[{number}].", source)
            for number, source in enumerate((volume.get("projected") or {}).get("sources") or ())
        ]
    )
    for before, source in sources:
        if ref := source.get("configMap"):
            yield f"{before}configMap", "ConfigMap", ref
        if ref := source.get("secret"):
            yield f"{before}secret", "Secret", ref


def _reference(kind: str, ref: Mapping[str, Any], path: str, field: str) -> Reference:
    name = "secretName" if "secretName" in ref else "name"
    keys = {str(ref["key"]): f"{path}.key"} if "key" in ref else {}
    for index, item in enumerate(ref.get("items") or ()):
        keys.setdefault(str(item.get("key")), f"{path}.items[{index}].key")
    return Reference(kind, str(ref.get(name)), f"{path}.{name}", field, keys)
