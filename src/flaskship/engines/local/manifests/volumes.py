"""Volumes; what this machine cannot mount becomes an empty folder."""

from dataclasses import replace
from typing import Any, Literal

from flaskship.engines.local.manifests.environment import FIELD_REF, RESOURCE_REF
from flaskship.engines.local.manifests.scalars import (
    boolean,
    integer,
    label_name,
    object_name,
    path_inside,
    words,
)
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Parser,
    Record,
    Row,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.spec import FieldRef, Item, ResourceRef, Volume, VolumeSource

_MODE = integer(0, 0o777)
_DEFAULT_MODE = 0o644
_EMPTY = "an empty folder here"
Placed = tuple[str, FieldRef | ResourceRef]


def _file_path(value: Any, at: At) -> str:
    found = path_inside(words(value, at), at)
    if found.startswith(".."):
        raise at.error(f"{found!r} begins with two dots")
    return found


def _item(found: Fields, _at: At) -> Item:
    return Item(found["key"], found["path"], found.get("mode"))


ITEM = Record(
    _item,
    {
        "key": required(words),
        "path": required(_file_path),
        "mode": honoured(_MODE, "readable by the owner alone where it is a Secret"),
    },
)


def _placed(found: Fields, at: At) -> Placed:
    if ("fieldRef" in found) == ("resourceFieldRef" in found):
        raise at.error("exactly one of fieldRef, resourceFieldRef is expected")
    if "resourceFieldRef" in found and not found["resourceFieldRef"].container:
        raise at.child("resourceFieldRef.containerName").error("is missing: a volume belongs to no container")
    return found["path"], found.get("fieldRef") or found["resourceFieldRef"]


PLACED = Record(
    _placed,
    {
        "path": required(_file_path),
        "fieldRef": honoured(FIELD_REF),
        "resourceFieldRef": honoured(RESOURCE_REF),
        "mode": ignored("defaultMode counts"),
    },
)


def _configuration(kind: Literal["ConfigMap", "Secret"], name_field: str, *, own_mode: bool) -> Parser:
    def configuration(found: Fields, _at: At) -> VolumeSource:
        return VolumeSource(
            kind,
            name=found[name_field],
            items=found.get("items"),
            optional=found.get("optional", False),
            default_mode=found.get("defaultMode", _DEFAULT_MODE),
        )

    rows: dict[str, Row] = {
        name_field: required(object_name),
        "items": honoured(ListOf(ITEM)),
        "optional": honoured(boolean),
    }
    if own_mode:
        rows["defaultMode"] = honoured(_MODE, "a Secret's files are readable by the owner alone")
    return Record(configuration, rows)


def _downward(found: Fields, _at: At) -> VolumeSource:
    return VolumeSource(
        "DownwardAPI", fields=found.get("items", ()), default_mode=found.get("defaultMode", _DEFAULT_MODE)
    )


DOWNWARD = Record(_downward, {"items": honoured(ListOf(PLACED)), "defaultMode": honoured(_MODE)})


def _claim(found: Fields, _at: At) -> VolumeSource:
    return VolumeSource("Claim", name=found["claimName"], read_only=found.get("readOnly", False))


def _empty(_found: Fields, _at: At) -> VolumeSource:
    return VolumeSource("EmptyDir")


def _empty_folder(_value: Any, _at: At) -> VolumeSource:
    return VolumeSource("EmptyDir")


def _projected_source(found: Fields, at: At) -> VolumeSource | None:
    if len(found) > 1:
        raise at.error("exactly one source is expected")
    source: VolumeSource | None = next(iter(found.values()), None)
    return source


def _projected(found: Fields, _at: At) -> tuple[VolumeSource, ...]:
    mode = found.get("defaultMode", _DEFAULT_MODE)
    return tuple(replace(source, default_mode=mode) for source in found.get("sources", ()) if source)


PROJECTED = Record(
    _projected,
    {
        "sources": honoured(
            ListOf(
                Record(
                    _projected_source,
                    {
                        "configMap": honoured(_configuration("ConfigMap", "name", own_mode=False)),
                        "secret": honoured(_configuration("Secret", "name", own_mode=False)),
                        "downwardAPI": honoured(DOWNWARD),
                        "serviceAccountToken": ignored("there is no API server to show a token to"),
                        "clusterTrustBundle": ignored("there is no cluster to trust"),
                        "podCertificate": ignored("there is no cluster to sign it"),
                    },
                )
            )
        ),
        "defaultMode": honoured(_MODE),
    },
)


def _volume(found: Fields, at: At) -> Volume:
    sources = [value for key, value in found.items() if key != "name"]
    if len(sources) > 1:
        raise at.error("exactly one source is expected")
    if not sources:
        return Volume(found["name"], (VolumeSource("EmptyDir"),))
    [source] = sources
    return Volume(found["name"], source if isinstance(source, tuple) else (source,))


_ELSEWHERE = (
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
)

VOLUME = Record(
    _volume,
    {
        "name": required(label_name),
        "configMap": honoured(_configuration("ConfigMap", "name", own_mode=True)),
        "secret": honoured(_configuration("Secret", "secretName", own_mode=True)),
        "downwardAPI": honoured(DOWNWARD),
        "projected": honoured(PROJECTED),
        "emptyDir": honoured(
            Record(
                _empty,
                {
                    "medium": ignored("a folder on disk"),
                    "sizeLimit": ignored("disk use is not limited here"),
                },
            )
        ),
        "persistentVolumeClaim": emulated(
            Record(
                _claim,
                {
                    "claimName": required(object_name),
                    "readOnly": emulated(boolean, "the folder stays writable"),
                },
            ),
            "a folder that all replicas share",
        ),
        **{name: emulated(_empty_folder, _EMPTY) for name in _ELSEWHERE},
    },
)
