"""What a pod asks for by name, and what the environment makes under that name."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from flaskship.policy.context import Context
from flaskship.policy.node import Node
from flaskship.policy.objects import Container, Object, Pod

_SOURCES = (
    ("configMap", "ConfigMap", "name"),
    ("secret", "Secret", "secretName"),
    ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of another object, perhaps with a key of it."""

    kind: str
    name: str
    key: str | None
    optional: bool
    at: Node = field(repr=False)
    setting: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an object that is there; None where they come from outside."""

    known: frozenset[str] | None


def references(pod: Pod) -> Iterator[Reference]:
    """Everything that must exist before the pod's containers start."""
    account = pod.spec.at("serviceAccountName")
    if account.text not in (None, "", "default"):
        yield Reference("ServiceAccount", account.text or "", None, False, account, "serviceAccount")
    for container in pod.all_containers:
        yield from _variables(container)
    for volume in pod.spec.at("volumes").items():
        for source, kind, name in _SOURCES:
            yield from _files(volume.at(source), kind, name)
        for projected in volume.at("projected", "sources").items():
            for source, kind, _ in _SOURCES[:2]:
                yield from _files(projected.at(source), kind, "name")


def keys_of(context: Context, kind: str, name: str, namespace: str | None) -> Keys | None:
    """The keys of what the environment makes, or has from outside, under a name; None where neither is."""
    found = context.makers(kind, namespace, name)
    if found:
        return _keys(found[0], kind)
    return Keys(context.outside[kind, name]) if (kind, name) in context.outside else None


def _variables(container: Container) -> Iterator[Reference]:
    for variable in container.node.at("env").items():
        name = variable.at("name").text or ""
        for source, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            reference = variable.at("valueFrom", source)
            if reference:
                yield _reference(reference, kind, "name", f"env.{name}", reference.at("key").text)
    for given in container.node.at("envFrom").items():
        for source, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if given.at(source):
                yield _reference(given.at(source), kind, "name", "envFrom")


def _files(at: Node, kind: str, name: str) -> Iterator[Reference]:
    """An object as files: each key that is asked for, or the object whole."""
    if at:
        yield _reference(at, kind, name, "volumes")
    for item in at.at("items").items():
        yield replace(_reference(at, kind, name, "volumes", item.at("key").text), at=item)


def _reference(at: Node, kind: str, name: str, setting: str, key: str | None = None) -> Reference:
    return Reference(kind, at.at(name).text or "", key, at.at("optional").truth is True, at, setting)


def _keys(one: Object, kind: str) -> Keys:
    if one.kind == "ExternalSecret":
        return _external_keys(one)
    if kind not in ("ConfigMap", "Secret"):
        return Keys(None)
    parts = (one.node.at(part) for part in ("data", "stringData", "binaryData"))
    return Keys(frozenset(key for part in parts for key, _ in part.entries()))


def _external_keys(one: Object) -> Keys:
    """The keys that the operator fills: a template takes the place of the fetched ones unless it merges."""
    template = one.spec.at("target", "template")
    if template.at("templateFrom"):
        return Keys(None)
    composed = frozenset(key for key, _ in template.at("data").entries())
    if composed and template.at("mergePolicy").text != "Merge":
        return Keys(composed)
    if one.spec.at("dataFrom"):
        return Keys(None)
    fetched = frozenset(entry.at("secretKey").text or "" for entry in one.spec.at("data").items())
    return Keys(fetched | composed)
