"""Two sets of Kubernetes objects compared as objects; values of secrets are never shown."""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flaskship.chart.masking import MASK, covered, is_secret_name, shown

Document = Mapping[str, Any]

APPLICATION = "app.kubernetes.io/name"
_HASHED = re.compile(r"^(?P<stem>.+)-[0-9a-f]{10}$")
_KEYS = ("name", "mountPath", "secretKey", "host", "containerPort")
_ABSENT = object()


class Change(StrEnum):
    """What became of an object."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    KEPT = "kept"
    """It is in the release no longer, and Helm leaves it where it is."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an object; `before` or `after` is None where the field is not there."""

    path: str
    before: Any
    after: Any
    masked: bool = False


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that is not the same on both sides; `fields` is empty for a whole object."""

    kind: str
    name: str
    application: str | None
    change: Change
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changes, in a stable order, and the applications for which nothing does."""

    changes: tuple[ObjectChange, ...]
    unchanged: tuple[str, ...]

    @property
    def applications(self) -> tuple[str | None, ...]:
        """The applications that change, the environment's own objects (None) last."""
        return tuple(dict.fromkeys(change.application for change in self.changes))


def compare(before: Iterable[Document], after: Iterable[Document], *, keeps: bool = True) -> Difference:
    """What turns the objects of one side into those of the other; `keeps` is false for two environments."""
    sides = [[_stored(document) for document in side if document] for side in (before, after)]
    crowded = {stem for side in sides for stem, number in Counter(map(_stem, side)).items() if number > 1}
    old, new = ({_identity(document, crowded): document for document in side} for side in sides)
    applications = {one for document in (*old.values(), *new.values()) if (one := _workload_of(document))}
    changes = [
        change
        for identity in {**old, **new}
        if (change := _changed(old.get(identity), new.get(identity), applications, keeps=keeps))
    ]
    changes.sort(key=lambda one: (one.application is None, one.application or "", one.kind, one.name))
    touched = {change.application for change in changes}
    return Difference(tuple(changes), tuple(sorted(applications - touched)))


def neutral(documents: Iterable[Document], release: str, namespace: str) -> tuple[Document, ...]:
    """The objects with the names of release and namespace blanked, to compare environments."""
    blanks = {release: "(release)", namespace: "(namespace)"}
    return tuple(_blanked(document, blanks) for document in documents)


def _stored(document: Document) -> Document:
    """An object as a cluster keeps it, plain texts of a Secret encoded, and without who set which field."""
    metadata = document.get("metadata")
    if isinstance(metadata, Mapping) and "managedFields" in metadata:
        rest = {key: value for key, value in metadata.items() if key != "managedFields"}
        document = {**document, "metadata": rest}
    plain = document.get("stringData")
    if document.get("kind") != "Secret" or not isinstance(plain, Mapping):
        return document
    encoded = {key: b64encode(str(value).encode()).decode() for key, value in plain.items()}
    rest = {key: value for key, value in document.items() if key != "stringData"}
    return {**rest, "data": {**(document.get("data") or {}), **encoded}}


def _blanked(value: Any, blanks: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _blanked(item, blanks) for key, item in value.items()}
    if isinstance(value, list):
        return [_blanked(item, blanks) for item in value]
    return blanks.get(value, value) if isinstance(value, str) else value


def _identity(document: Document, crowded: set[tuple[str, str]]) -> tuple[str, str]:
    """Kind and name; another hash in the name is another generation, unless both are there at once."""
    stem = _stem(document)
    return (stem[0], _name(document)) if stem in crowded else stem


def _name(document: Document) -> str:
    return str((document.get("metadata") or {}).get("name", ""))


def _stem(document: Document) -> tuple[str, str]:
    kind, name = str(document.get("kind")), _name(document)
    hashed = _HASHED.match(name) if kind in ("ConfigMap", "Secret") else None
    return kind, hashed["stem"] if hashed else name


def _application(document: Document) -> str | None:
    labels = (document.get("metadata") or {}).get("labels") or {}
    name = labels.get(APPLICATION)
    return str(name) if name else None


def _workload_of(document: Document) -> str | None:
    return _application(document) if document.get("kind") in ("Deployment", "Rollout") else None


def _changed(
    old: Document | None, new: Document | None, known: set[str], *, keeps: bool
) -> ObjectChange | None:
    here = new if new is not None else old
    assert here is not None
    named = _application(here)
    head = (str(here.get("kind")), _name(here), named if named in known else None)
    if old is None or new is None:
        gone = Change.KEPT if keeps and _is_kept(here) else Change.REMOVED
        return ObjectChange(*head, Change.ADDED if old is None else gone)
    fields = tuple(_fields(old, new, (), secret=here.get("kind") == "Secret"))
    return ObjectChange(*head, Change.CHANGED, fields) if fields else None


def _is_kept(document: Document) -> bool:
    annotations = (document.get("metadata") or {}).get("annotations") or {}
    return annotations.get("helm.sh/resource-policy") == "keep"


def _fields(old: Any, new: Any, at: tuple[str, ...], *, secret: bool) -> Iterator[FieldChange]:
    if old == new:
        return
    left, right = _keyed(old), _keyed(new)
    if left is None or right is None:
        yield _field(old, new, at, secret=secret)
        return
    for key in sorted({**left, **right}):
        yield from _fields(left.get(key, _ABSENT), right.get(key, _ABSENT), (*at, key), secret=secret)


def _keyed(value: Any) -> Mapping[str, Any] | None:
    """A map, or a list of maps that tell themselves apart, by key; None for what is compared as a whole."""
    if isinstance(value, Mapping):
        return {str(key).replace(".", "\\."): item for key, item in value.items()}
    if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
        return None
    for key in _KEYS:
        names = [item.get(key) for item in value]
        if None not in names and len(set(map(str, names))) == len(names):
            return {f"[{name}]": item for name, item in zip(names, value, strict=True)}
    return {f"[{index}]": item for index, item in enumerate(value)}


def _field(old: Any, new: Any, at: tuple[str, ...], *, secret: bool) -> FieldChange:
    path = ".".join(at).replace(".[", "[")
    name = at[-2] if at[-1:] == ("value",) and len(at) > 1 else at[-1] if at else ""
    whole = at[:1] in (("stringData",), ("binaryData",)) or (secret and at[:1] == ("data",))
    masked = is_secret_name(name.strip("[]").replace("\\.", "."))
    before, after = (_shown(side, masked=masked, whole=whole) for side in (old, new))
    return FieldChange(path, before, after, whole or MASK in (before, after))


def _shown(value: Any, *, masked: bool, whole: bool) -> Any:
    if value is _ABSENT:
        return None
    return covered(value) if whole else shown(value, masked=masked)
