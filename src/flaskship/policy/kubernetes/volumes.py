"""What an API server refuses of a pod's volumes although its schema takes it."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.forms import (
    Forms,
    invalid,
    label_name,
    named,
    needs,
    object_name,
    one_of,
    refused_by,
    relative,
    sole,
    without_dots,
)
from flaskship.policy.kubernetes.validate import Violation
from flaskship.policy.node import Node
from flaskship.policy.quantity import quantity

TOKEN_SECONDS = range(600, (1 << 32) + 1)
MODES = range(0o777 + 1)
NAMED = {"secret": "secretName", "configMap": "name"}
"""What a source is found by."""
_FIELD = re.compile(r"metadata\.(name|namespace|uid|labels|annotations|(labels|annotations)\['[^']+'\])")
_KINDS = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_FORMS: Forms = (
    ("name", label_name),
    ("hostPath", needs("path")),
    ("hostPath.path", without_dots),
    ("hostPath.type", one_of(*_KINDS)),
    ("nfs.path", named(re.compile(r"/.*"), "path from the root")),
    ("csi.driver", object_name),
    ("csi.nodePublishSecretRef", needs("name")),
    ("image.pullPolicy", one_of("Always", "IfNotPresent", "Never")),
    ("ephemeral", needs("volumeClaimTemplate")),
    ("ephemeral.volumeClaimTemplate.spec", needs("accessModes", "resources")),
    ("persistentVolumeClaim", needs("claimName")),
    ("downwardAPI.items[]", sole("source", ("fieldRef", "resourceFieldRef"))),
    ("downwardAPI.items[].resourceFieldRef", needs("containerName")),
    ("projected.sources[].serviceAccountToken", needs("path")),
    ("projected.sources[].serviceAccountToken.path", relative),
    ("projected.sources[].downwardAPI.items[]", sole("source", ("fieldRef", "resourceFieldRef"))),
    ("projected.sources[].downwardAPI.items[].resourceFieldRef", needs("containerName")),
    ("configMap.items[]", needs("key", "path")),
    ("secret.items[]", needs("key", "path")),
)


def refused_of_volumes(spec: Node) -> Iterator[Violation]:
    """Every violation of a pod's volumes."""
    for volume in spec.at("volumes").items():
        kinds = [key for key, value in volume.entries() if key != "name" and value]
        if len(kinds) > 1:
            yield invalid(volume, f"has {' and '.join(sorted(kinds))}: a volume is one of them")
        yield from refused_by(_FORMS, volume)
    for volume in spec.at("volumes").items():
        limit = volume.at("emptyDir", "sizeLimit")
        amount = quantity(limit)
        if amount is not None and amount < 0:
            yield invalid(limit, f"{limit.content} is less than nothing")
        yield from _files(volume.at("downwardAPI"))
        for kind, name in NAMED.items():
            source = volume.at(kind)
            yield from _paths(source)
            if isinstance(source.content, dict) and not source.at(name).content:
                yield invalid(source.at(name), "is required and missing")
        yield from _projected(volume.at("projected"))
        for kind in ("secret", "configMap", "downwardAPI", "projected"):
            yield from _mode(volume.at(kind, "defaultMode"))


def _projected(projected: Node) -> Iterator[Violation]:
    taken: set[str] = set()
    for source in projected.at("sources").items():
        kinds = [kind for kind, value in source.entries() if value]
        if len(kinds) > 1:
            yield invalid(
                source, f"has {' and '.join(kinds)}: a source is one of them, each has its own entry"
            )
        yield from _files(source.at("downwardAPI"))
        for kind in ("secret", "configMap"):
            yield from _paths(source.at(kind))
            if isinstance(source.at(kind).content, dict) and not source.at(kind, "name").content:
                yield invalid(source.at(kind, "name"), "is required and missing")
        for kind in ("secret", "configMap", "downwardAPI"):
            for item in source.at(kind, "items").items():
                path = item.at("path")
                if path.text and path.text in taken:
                    yield invalid(path, f"{path.text!r} is the path of another file of this volume")
                taken.add(path.text or "")
        seconds = source.at("serviceAccountToken", "expirationSeconds")
        if seconds.number is not None and seconds.number not in TOKEN_SECONDS:
            yield invalid(seconds, f"{seconds.number} is no time for a token: at least {TOKEN_SECONDS[0]}")


def _files(downward: Node) -> Iterator[Violation]:
    yield from _paths(downward)
    for item in downward.at("items").items():
        field = item.at("fieldRef", "fieldPath")
        if field.text is not None and not _FIELD.fullmatch(field.text):
            known = "metadata.name, namespace, uid, labels or annotations"
            yield invalid(field, f"{field.text!r} is no field that a file can hold: {known}")


def _paths(source: Node) -> Iterator[Violation]:
    for item in source.at("items").items():
        path = item.at("path")
        if path.text is not None and (path.text.startswith(("/", "..")) or ".." in path.text.split("/")):
            yield invalid(path, f"{path.text!r} has to stay in the volume: relative, and without ..")
        yield from _mode(item.at("mode"))


def _mode(mode: Node) -> Iterator[Violation]:
    if mode.number is not None and mode.number not in MODES:
        said = (
            f"{mode.number} is no mode of a file: 0 to {MODES[-1]}, which is 0777; {mode.number} is not octal"
        )
        yield invalid(mode, said)
