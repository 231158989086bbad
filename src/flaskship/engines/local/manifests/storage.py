"""PersistentVolumeClaims: folders here."""

from flaskship.engines.local.manifests.metadata import METADATA, document_rows
from flaskship.engines.local.manifests.scalars import byte_quantity
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    Record,
    Row,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.spec import Claim

_FOLDER = "a folder of this machine"


def _requested(found: Fields, _at: At) -> int | None:
    amounts: int | None = found.get("requests")
    return amounts


def _storage(found: Fields, _at: At) -> int | None:
    amount: int | None = found.get("storage")
    return amount


def _claim_spec(found: Fields, _at: At) -> int | None:
    amount: int | None = found.get("resources")
    return amount


CLAIM_SPEC = Record(
    _claim_spec,
    {
        "resources": emulated(
            Record(
                _requested,
                {
                    "requests": honoured(Record(_storage, {"storage": honoured(byte_quantity)})),
                    "limits": ignored("disk use is not limited here"),
                },
            ),
            "shown, not enforced",
        ),
        "accessModes": ignored(_FOLDER),
        "storageClassName": ignored(_FOLDER),
        "volumeMode": ignored(_FOLDER),
        "volumeName": ignored(_FOLDER),
        "selector": ignored(_FOLDER),
        "dataSource": ignored("the folder begins empty"),
        "dataSourceRef": ignored("the folder begins empty"),
        "volumeAttributesClassName": ignored(_FOLDER),
    },
)


def _claim(found: Fields, _at: At) -> Claim:
    return Claim(found["metadata"].name, found["spec"])


_ROWS: dict[str, Row] = {"metadata": required(METADATA), "spec": required(CLAIM_SPEC)}
VOLUME_CLAIM = Record(
    _claim,
    {
        **_ROWS,
        "apiVersion": ignored("v1 is meant"),
        "kind": ignored("PersistentVolumeClaim is meant"),
        "status": ignored("written by an API server"),
    },
)
PERSISTENT_VOLUME_CLAIM = Record(_claim, document_rows(_ROWS))
