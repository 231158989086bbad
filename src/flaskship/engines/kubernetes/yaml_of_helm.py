"""The text of a stored manifest as objects, read as Helm reads it (YAML 1.1 as Go has it)."""

import re
from functools import lru_cache
from typing import Any

_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?$", re.MULTILINE)
_WHOLE = re.compile(r"^[-+]?(0b[01_]+|0o?[0-7_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_BOOL = re.compile(
    r"^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$"
)
_TRUE = frozenset(("y", "yes", "true", "on"))


def documents_of(manifest: str) -> tuple[dict[str, Any], ...]:
    """Return the objects of a manifest in their order; empty documents are left out."""
    import yaml

    loader = _loader()
    found = (yaml.load(part, Loader=loader) for part in _SEPARATOR.split(manifest) if part.strip())  # noqa: S506
    return tuple(one for one in found if isinstance(one, dict) and one)


@lru_cache(maxsize=1)
def _loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Safe, without dates, with Go's numbers and truths."""

    # The kinds of scalars are tried in their order: a whole number is also a float's form.
    ours = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "int", "float", "bool", "value"))
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag not in ours]
        for first, known in base.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:int", _WHOLE, list("-+0123456789"))
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOL, list("yYnNtTfFoO"))
    Loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in _TRUE)
    Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: _whole(node.value))
    Loader.add_constructor("tag:yaml.org,2002:merge", lambda _, node: node.value)
    Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: _number(node.value))
    return Loader


def _whole(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").replace("_", "")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdecimal():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def _number(text: str) -> float | int:
    # JSON knows one kind of number: Go prints a whole one without a fraction.
    value = float(text)
    return int(value) if value.is_integer() else value
