"""ConfigMaps, Secrets, and the ExternalSecrets that an operator would turn into Secrets."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from flaskship.engines.local.manifests.metadata import Metadata, document_rows
from flaskship.engines.local.manifests.scalars import choice, object_name, text, text_map
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Record,
    Row,
    emulated,
    honoured,
    ignored,
    kind_of,
    required,
)
from flaskship.engines.local.spec import Configuration, ExternalSecret

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def _keys(found: Mapping[str, Any], at: At) -> None:
    for key in found:
        _key(key, at.child(key[:80]))


def _key(value: Any, at: At) -> str:
    found = text(value, at)
    if not _KEY.fullmatch(found) or found == "." or found.startswith(".."):
        raise at.error("is no key: letters, digits, '-', '_' and '.', not two dots first")
    return found


def _data(value: Any, at: At) -> Mapping[str, str]:
    found = text_map(value, at)
    _keys(found, at)
    return found


def _encoded(value: Any, at: At) -> Mapping[str, bytes]:
    if not isinstance(value, Mapping):
        raise at.error(f"a map is expected, not {kind_of(value)}")
    found = {}
    for key, item in value.items():
        place = at.child(str(key))
        try:
            found[str(key)] = base64.b64decode("".join(text(item or "", place).split()), validate=True)
        except (binascii.Error, ValueError):
            raise place.error("is not base64", "Write plain text under stringData.") from None
    _keys(found, at)
    return found


def _config_map(found: Fields, at: At) -> Configuration:
    data, binary = found.get("data", {}), found.get("binaryData", {})
    for key in data:
        if key in binary:
            raise at.child("binaryData").child(key).error("is in data too")
    return Configuration("ConfigMap", found["metadata"].name, data, binary)


_IMMUTABLE = ignored("a changed one is applied")
CONFIG_MAP = Record(
    _config_map,
    document_rows({"data": honoured(_data), "binaryData": honoured(_encoded), "immutable": _IMMUTABLE}),
)


def _secret(found: Fields, _at: At) -> Configuration:
    plain: dict[str, str] = {}
    binary: dict[str, bytes] = {}
    for key, value in found.get("data", {}).items():
        try:
            plain[key] = value.decode()
        except UnicodeDecodeError:
            binary[key] = value
    for key, value in found.get("stringData", {}).items():
        plain[key] = value
        binary.pop(key, None)
    return Configuration("Secret", found["metadata"].name, plain, binary)


SECRET = Record(
    _secret,
    document_rows(
        {
            "data": honoured(_encoded),
            "stringData": honoured(_data),
            "type": ignored("a type changes nothing for a process"),
            "immutable": _IMMUTABLE,
        }
    ),
)


def _data_entry(found: Fields, _at: At) -> str:
    key: str = found["secretKey"]
    return key


_ENTRY = Record(
    _data_entry,
    {
        "secretKey": required(_key),
        "remoteRef": ignored("nothing is fetched; a local value is made once"),
        "sourceRef": ignored("nothing is fetched; a local value is made once"),
    },
)


def _template(found: Fields, _at: At) -> Fields:
    return found


_ONLY_KEYS = "its keys are made here; the text of the template is not evaluated"
_TEMPLATE = Record(
    _template,
    {
        "data": emulated(_data, _ONLY_KEYS),
        "mergePolicy": honoured(choice("Replace", "Merge")),
        "templateFrom": ignored("keys that it would make are unknown here"),
        "engineVersion": ignored(_ONLY_KEYS),
        "metadata": ignored("labels of a Secret change nothing here"),
        "type": ignored("a type changes nothing for a process"),
    },
)


def _target(found: Fields, _at: At) -> Fields:
    return found


_TARGET = Record(
    _target,
    {
        "name": honoured(object_name),
        "template": emulated(_TEMPLATE, _ONLY_KEYS),
        "creationPolicy": ignored("keys of a Secret in the manifests are kept"),
        "deletionPolicy": ignored("down --purge removes it"),
        "immutable": _IMMUTABLE,
        "manifest": ignored("a Secret is made"),
    },
)


def _external_secret(found: Fields, _at: At) -> ExternalSecret:
    metadata: Metadata = found["metadata"]
    spec = found.get("spec", {})
    target = spec.get("target", {})
    template = target.get("template", {})
    own, made = spec.get("data", ()), tuple(template.get("data", {}))
    merged = not made or template.get("mergePolicy") == "Merge"
    keys = (*own, *made) if merged else made
    return ExternalSecret(metadata.name, target.get("name", metadata.name), tuple(dict.fromkeys(keys)))


def _spec(found: Fields, _at: At) -> Fields:
    return found


_EXTERNAL_ROWS: dict[str, Row] = {
    "spec": emulated(
        Record(
            _spec,
            {
                "data": emulated(ListOf(_ENTRY), "the keys get local values"),
                "target": emulated(_TARGET, "a Secret of this name is made here"),
                "dataFrom": ignored("its keys are unknown here: those that containers name are made"),
                "refreshInterval": ignored("nothing is fetched"),
                "refreshPolicy": ignored("nothing is fetched"),
                "secretStoreRef": ignored("nothing is fetched"),
                "syncWindows": ignored("nothing is fetched"),
            },
        ),
        "the Secret gets local values, random once",
    )
}
EXTERNAL_SECRET = Record(_external_secret, document_rows(_EXTERNAL_ROWS))
