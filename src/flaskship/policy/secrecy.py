"""Whether a text looks like a secret: by its name, by its form, or by how random it is."""

import math
import re
from collections import Counter

from flaskship.chart.masking import WEBHOOKS, is_secret_name

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HARMLESS_NAME = re.compile(
    r"(?:file|path|dir|name|url|host|timeout|ttl|enabled|required|header|count"
    r"|limit|max|min|size|length|age|minutes?|seconds?|days|networks?)$|^private[-_](?!key)",
    re.IGNORECASE,
)
_FORMS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"),
    WEBHOOKS,
    re.compile(r"://[^/\s:@]+:[^/\s:@$({][^/\s@]*@"),
)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_HEX = re.compile(r"[0-9a-fA-F]+")
MUCH_ENTROPY, MUCH_HEX_ENTROPY = 4.3, 3.4
SHORTEST = 4


def is_named_secret(name: str) -> bool:
    """Whether a variable's name says that it holds a secret."""
    spelled = _CAMEL.sub("_", name)
    return is_secret_name(spelled) and not _HARMLESS_NAME.search(spelled)


def looks_secret(name: str, text: str) -> str | None:
    """Why a text looks like a secret, never the text itself; None where it does not."""
    value = text.strip()
    if any(form.search(value) for form in _FORMS):
        return "has the form of a credential"
    if is_named_secret(name) and len(value) >= SHORTEST and not _is_reference(value):
        return "is named like a secret and has a plain value"
    if _RANDOM.fullmatch(value) and not _is_digest(name) and entropy(value) >= _limit(value):
        return "is as random as a key"
    return None


def entropy(text: str) -> float:
    """Bits for each character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values()) if text else 0.0


def _limit(value: str) -> float:
    return MUCH_HEX_ENTROPY if _HEX.fullmatch(value) else MUCH_ENTROPY


def _is_digest(name: str) -> bool:
    return any(word in name.lower() for word in ("digest", "sha", "commit", "revision", "hash"))


def _is_reference(value: str) -> bool:
    return value.startswith(("$(", "${", "/", "arn:", "vault:")) or value.lower() in ("true", "false", "none")
