"""What is never shown, of rendered objects and of values alike: by the names and the form of texts."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
GENERATED = ("secrets", "generated")
"""Whatever stands below this path of the values is a secret, whatever it is called."""
NAMED = "existing"
"""What stands below it names secrets and their keys, and holds none."""
_SECRET_NAME = re.compile(
    r"passw|secret|token|credential|private|api[-_]?key|database[-_]?url", re.IGNORECASE
)
# What only names a secret: files, the fields of Kubernetes, and those of the values.
_NOT_A_SECRET = re.compile(
    r"_FILE$|^secret(Name|Key|KeyRef|StoreRef)?$|^tlsSecret$|^automount|^secrets$|^(app|pull)Secrets$"
)
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def is_secret_name(name: str) -> bool:
    """Whether a setting's name says that its value is not for everybody."""
    return bool(_SECRET_NAME.search(name)) and not _NOT_A_SECRET.search(name)


def shown(value: Any, *, masked: bool = False) -> Any:
    """A value without its secrets; maps say where a secret is and not what, and a switch is none."""
    match value:
        case str():
            return MASK if masked else _USER_INFO.sub(MASK, value)
        case Mapping():
            hidden = is_secret_name(str(value.get("name", "")))
            return {
                key: shown(item, masked=is_secret_name(str(key)) or (hidden and key == "value"))
                for key, item in value.items()
            }
        case list():
            return [shown(item, masked=masked) for item in value]
        case bool():
            return value
        case int() | float():
            return MASK if masked else value
    return value


def shown_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Whole values without their secrets, generated ones and those of extra objects too."""
    found: dict[str, Any] = shown(values)
    head, tail = GENERATED
    if isinstance(found.get(head), dict) and tail in found[head]:
        found[head][tail] = _covered(found[head][tail])
    if isinstance(found.get(head), dict) and isinstance(found[head].get(NAMED), dict):
        given = values[head][NAMED]
        lists = {name: keys for name, keys in given.items() if isinstance(keys, list)}
        found[head][NAMED] = {**found[head][NAMED], **lists}
    if isinstance(found.get("extraObjects"), list):
        found["extraObjects"] = [_object(one) for one in found["extraObjects"]]
    return found


def _object(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    parts = ("data", "stringData") if one.get("kind") == "Secret" else ("stringData",)
    return {key: _covered(value) if key in parts else value for key, value in one.items()}


def _covered(value: Any) -> Any:
    """Every value below; a null stays what it is, for it deletes."""
    if isinstance(value, Mapping):
        return {key: _covered(item) for key, item in value.items()}
    return None if value is None else MASK
