"""Which ConfigMaps and Secrets a workload refers to, and with which field of its manifest."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flaskship.model.frozen import dataclass
from flaskship.model.release import Document
from flaskship.tasks.setters import pod_of

POD = "spec.template.spec"


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference: to what, at which path of the manifest, and the container's field that holds it."""

    kind: str
    name: str
    path: str
    field: str
    """Such as env.DATABASE_URL, envFrom or volumes.data."""


def references(document: Document) -> Iterator[Reference]:
    """Yield every reference of a workload to a ConfigMap or Secret, in the order of the manifest."""
    pod = pod_of(document)
    for group in ("initContainers", "containers"):
        for number, container in enumerate(pod.get(group) or ()):
            at = f"{POD}.{group}[{number}]"
            for index, source in enumerate(container.get("envFrom") or ()):
                for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if ref := source.get(key):
                        yield _reference(kind, ref, f"{at}.envFrom[{index}].{key}.name", "envFrom")
            for index, entry in enumerate(container.get("env") or ()):
                for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if ref := (entry.get("valueFrom") or {}).get(key):
                        path = f"{at}.env[{index}].valueFrom.{key}.name"
                        yield _reference(kind, ref, path, f"env.{entry.get('name')}")
    for index, volume in enumerate(pod.get("volumes") or ()):
        for path, kind, ref in _mounted(volume):
            yield _reference(kind, ref, f"{POD}.volumes[{index}].{path}", f"volumes.{volume.get('name')}")


def named_in(document: Document, message: str) -> Reference | None:
    """Return the first reference to what a sentence names."""
    for one in references(document):
        if re.search(rf"(?<![\w.-]){re.escape(one.name)}(?![\w-]|\.\w)", message):
            return one
    return None


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
            yield f"{before}configMap.name", "ConfigMap", ref
        if ref := source.get("secret"):
            name = "secretName" if "secretName" in ref else "name"
            yield f"{before}secret.{name}", "Secret", ref


def _reference(kind: str, ref: Mapping[str, Any], path: str, field: str) -> Reference:
    return Reference(kind, str(ref.get("name", ref.get("secretName"))), path, field)
