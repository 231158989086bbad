"""Variables of a container: literals, references and whole ConfigMaps or Secrets."""

from typing import Any, Literal

from flaskship.engines.local.manifests.scalars import (
    boolean,
    object_name,
    text,
    variable_name,
    words,
)
from flaskship.engines.local.manifests.table import At, Fields, Record, honoured, ignored, required
from flaskship.engines.local.spec import EnvEntry, EnvFrom, FieldRef, KeyRef, ResourceRef
from flaskship.model.errors import ConfigurationError
from flaskship.model.quantity import parse_bytes

PLAIN_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
VOLUME_FIELDS = ("metadata.labels", "metadata.annotations")
_RESOURCES = tuple(f"{side}.{name}" for side in ("limits", "requests") for name in ("cpu", "memory"))


def _field_path(value: Any, at: At) -> str:
    found = words(value, at)
    keyed = found.endswith("']") and found.startswith(("metadata.labels['", "metadata.annotations['"))
    if found in PLAIN_FIELDS or found in VOLUME_FIELDS or keyed:
        return found
    raise at.error(f"{found!r} is no field of the downward API")


def _resource(value: Any, at: At) -> str:
    found = words(value, at)
    if found not in _RESOURCES:
        raise at.error(f"{found!r} is none of {', '.join(_RESOURCES)}")
    return found


def _divisor(value: Any, at: At) -> str:
    found = str(value)
    try:
        usable = found == "0" or found.endswith("m") or parse_bytes(found) > 0
    except ConfigurationError:
        usable = False
    if not usable:
        raise at.error(f"{found!r} is no divisor", "Write 1, 1m, 1Ki, 1Mi, 1Gi, 1k, 1M or 1G.")
    return "1" if found == "0" else found


def _field_ref(found: Fields, _at: At) -> FieldRef:
    return FieldRef(found["fieldPath"])


def _resource_ref(found: Fields, _at: At) -> ResourceRef:
    return ResourceRef(found["resource"], found.get("divisor", "1"), found.get("containerName", ""))


FIELD_REF = Record(_field_ref, {"fieldPath": required(_field_path), "apiVersion": ignored("v1 is meant")})
RESOURCE_REF = Record(
    _resource_ref,
    {"resource": required(_resource), "divisor": honoured(_divisor), "containerName": honoured(text)},
)


def _key_ref(kind: Literal["ConfigMap", "Secret"]) -> Record[KeyRef]:
    def key_reference(found: Fields, _at: At) -> KeyRef:
        return KeyRef(kind, found["name"], found["key"], found.get("optional", False))

    return Record(
        key_reference,
        {"name": required(object_name), "key": required(words), "optional": honoured(boolean)},
    )


_SOURCES = ("configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef")


def _value_from(found: Fields, at: At) -> KeyRef | FieldRef | ResourceRef:
    if len(found) != 1:
        raise at.error(f"exactly one of {', '.join(_SOURCES)} is expected")
    [source] = (found[name] for name in _SOURCES if name in found)
    if isinstance(source, FieldRef) and source.path in VOLUME_FIELDS:
        raise at.child("fieldRef.fieldPath").error(f"{source.path} as a whole is for volumes only")
    result: KeyRef | FieldRef | ResourceRef = source
    return result


VALUE_FROM = Record(
    _value_from,
    {
        "configMapKeyRef": honoured(_key_ref("ConfigMap")),
        "secretKeyRef": honoured(_key_ref("Secret")),
        "fieldRef": honoured(FIELD_REF),
        "resourceFieldRef": honoured(RESOURCE_REF),
    },
)


def _entry(found: Fields, at: At) -> EnvEntry:
    if found.get("value") and "valueFrom" in found:
        raise at.error("value and valueFrom exclude each other")
    return EnvEntry(found["name"], found["valueFrom"] if "valueFrom" in found else found.get("value", ""))


ENV_ENTRY = Record(
    _entry,
    {
        "name": required(variable_name),
        "value": honoured(text, "$(VAR) and $$ as in Kubernetes; hosts and mount paths become local ones"),
        "valueFrom": honoured(VALUE_FROM),
    },
)


def _whole(found: Fields, _at: At) -> tuple[str, bool]:
    return found["name"], found.get("optional", False)


_WHOLE = Record(_whole, {"name": required(object_name), "optional": honoured(boolean)})


def _env_from(found: Fields, at: At) -> EnvFrom:
    if ("configMapRef" in found) == ("secretRef" in found):
        raise at.error("exactly one of configMapRef, secretRef is expected")
    kind: Literal["ConfigMap", "Secret"] = "Secret" if "secretRef" in found else "ConfigMap"
    name, optional = found.get("secretRef") or found["configMapRef"]
    return EnvFrom(kind, name, found.get("prefix", ""), optional)


ENV_FROM = Record(
    _env_from,
    {"configMapRef": honoured(_WHOLE), "secretRef": honoured(_WHOLE), "prefix": honoured(text)},
)
