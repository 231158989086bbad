"""What is never shown, of rendered objects and of values alike: by the names and the form of texts."""

import json
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
GENERATED = ("secrets", "generated")
"""Whatever stands below this path of the values is a secret, whatever it is called."""
NAMED = "existing"
"""What stands below it names secrets and their keys, and holds none."""
_SECRET_NAME = re.compile(
    r"passw|passphrase|pass$|(?:^|[-_.])(?:pass|auth)(?:$|[-_.])|pwd|secret|token|credential|private"
    r"|(?:api|access)[-_]?key|database[-_]?url|dsn$|webhook(?:[-_]?ur[il])?$",
    re.IGNORECASE,
)
_OPTION = re.compile(r"--?[a-z][\w-]*", re.IGNORECASE)
# What only names a secret: files, the fields of Kubernetes, and those of the values.
_NOT_A_SECRET = re.compile(
    r"_FILE$|-file$|^secret(Name|Key|KeyRef|StoreRef)?$|^tlsSecret$|^automount|^secrets$|^(app|pull)Secrets$"
)
WEBHOOKS = re.compile(
    r"(?<=hooks\.slack\.com/)[\w/-]{10,}|(?<=discord\.com/api/webhooks/)[\w/-]{10,}"
    r"|(?<=discordapp\.com/api/webhooks/)[\w/-]{10,}|(?<=webhook\.office\.com/)[\w/@-]{10,}"
)
"""The address of a webhook: it is all that one needs to post to it."""
_FORMS = (
    re.compile(r"(?<=://)[^/@\s]+(?=@)"),
    # A password with a slash, which is no port with a path behind it.
    re.compile(r"(?<=://)[^/@\s:]*:(?!\d+/)[^@\s]+(?=@)"),
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abprs]-[\w-]{10,})"),
    re.compile(r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|AIza[\w-]{35}|npm_[A-Za-z0-9]{30,})"),
    re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}"),
    re.compile(r"(?<=[Bb]earer )(?=\S*\d)[\w.~+/=-]{8,}|(?<=[Bb]asic )(?=\S*[\d=])[A-Za-z0-9+/=]{12,}"),
    WEBHOOKS,
    # The secret half of a key of AWS: forty characters of all kinds, which no digest has.
    re.compile(
        r"(?<![\w/+=-])(?=[a-zA-Z/+]*\d)(?=[a-z0-9/+]*[A-Z])(?=[A-Z0-9/+]*[a-z])[A-Za-z0-9/+]{40}(?![\w/+=-])"
    ),
)
"""What is a credential by its form, whatever the name of the setting that has it."""
_PAIR = re.compile(
    # From a word's beginning alone: a long word is not read again from each of its letters.
    r"(?P<name>(?<![\w-])[\w-]*(?:pass|pwd|secret|token|credential|api[-_]?key|access[-_]?key)[\w-]*)"
    r"(?P<sign>[\"']?\s*[=:]\s*[\"']|=)(?P<value>[^\s\"'&;,]+)",
    re.IGNORECASE,
)
"""A name with its value inside a text: of an address, a connection string, an option, JSON."""
_LINE = re.compile(
    r"^(?P<name>[ \t]*[\"']?[\w.-]+[\"']?)(?P<sign>[ \t]*[=:][ \t]*)(?P<value>\S.*)$", re.MULTILINE
)
"""A line of a settings file: a name with its value, whatever quotes and spaces are between them."""
_ELSEWHERE = ("$(", "${", "{{", "|", ">")
"""How a value begins that stands somewhere else."""


def is_secret_name(name: str) -> bool:
    """Whether a setting's name says that its value is not for everybody."""
    return bool(_SECRET_NAME.search(name)) and not _NOT_A_SECRET.search(name)


def shown(value: Any, *, masked: bool = False) -> Any:
    """A value without its secrets; maps say where a secret is and not what, and a switch is none."""
    match value:
        case str():
            return MASK if masked else without_credentials(_document(value))
        case Mapping():
            hidden = is_secret_name(str(value.get("name", "")))
            parts = _secret_parts(value)
            return {
                key: covered(item)
                if key in parts
                else shown(item, masked=is_secret_name(str(key)) or (hidden and key == "value"))
                for key, item in value.items()
            }
        case list():
            options = (None, *value)
            return [
                shown(item, masked=masked or _waits(option))
                for option, item in zip(options, value, strict=False)
            ]
        case bool():
            return value
        case int() | float():
            return MASK if masked else value
    return value


def without_credentials(text: str) -> str:
    """A text without what is a credential by its form."""
    for form in _FORMS:
        text = form.sub(MASK, text)
    return _LINE.sub(_masked_line, _PAIR.sub(_masked_pair, text))


def _document(text: str) -> str:
    """A JSON document, as kubectl notes whole objects, without its secrets; another text as it is."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        told = json.loads(text)
        hidden = shown(told)
    except (ValueError, RecursionError):
        return text
    return text if hidden == told else json.dumps(hidden, ensure_ascii=False)


def _masked_line(found: re.Match[str]) -> str:
    name = found["name"].strip(" \t\"'").rpartition(".")[2]
    if not is_secret_name(name) or found["value"].lstrip("\"'").startswith(_ELSEWHERE):
        return found[0]
    return f"{found['name']}{found['sign']}{MASK}"


def _masked_pair(found: re.Match[str]) -> str:
    whole, name, sign, value = found[0], found["name"], found["sign"], found["value"]
    if not is_secret_name(name) or value.startswith(_ELSEWHERE):
        return whole
    return f"{name}{sign}{MASK}"


def _waits(option: Any) -> bool:
    """Whether an option of a command says that a secret follows it."""
    return isinstance(option, str) and bool(_OPTION.fullmatch(option)) and is_secret_name(option)


def shown_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Whole values without their secrets, generated ones and those of extra objects too."""
    found: dict[str, Any] = shown(values)
    head, tail = GENERATED
    if isinstance(found.get(head), dict) and tail in found[head]:
        found[head][tail] = covered(found[head][tail])
    if isinstance(found.get(head), dict) and isinstance(found[head].get(NAMED), dict):
        given = values[head][NAMED]
        lists = {name: keys for name, keys in given.items() if isinstance(keys, list)}
        found[head][NAMED] = {**found[head][NAMED], **lists}
    if isinstance(found.get("extraObjects"), list):
        found["extraObjects"] = [_object(one) for one in found["extraObjects"]]
    return found


def _object(one: Any) -> Any:
    if not isinstance(one, Mapping) or "kind" in one:
        return one
    # An assignment gives a part of an object: what its kind is, another one says.
    return {key: covered(value) if key == "data" else value for key, value in one.items()}


def _secret_parts(one: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of an object of which nothing is shown."""
    return (
        ("data", "stringData", "binaryData") if one.get("kind") == "Secret" else ("stringData", "binaryData")
    )


def covered(value: Any) -> Any:
    """A value of which nothing is shown but where it stands; a null stays what it is, for it deletes."""
    if isinstance(value, Mapping):
        return {key: covered(item) for key, item in value.items()}
    return None if value is None else MASK
