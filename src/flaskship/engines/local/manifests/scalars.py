"""Handlers of single values; each refuses what the API server would refuse."""

import re
from collections.abc import Mapping
from typing import Any

from flaskship.engines.local.manifests.table import At, ListOf, Parser, kind_of
from flaskship.engines.local.spec import Port
from flaskship.model.errors import ConfigurationError
from flaskship.model.quantity import parse_bytes, parse_cpu

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_PORT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_PERCENT = re.compile(r"[0-9]+%")


def text(value: Any, at: At) -> str:
    """Read text; a number or a boolean is refused, as the API server does."""
    if isinstance(value, str):
        return value
    raise at.error(f"text is expected, not {kind_of(value)}", "Put the value in quotes.")


def words(value: Any, at: At) -> str:
    """Read text that must not be empty."""
    found = text(value, at)
    if not found:
        raise at.error("must not be empty")
    return found


def boolean(value: Any, at: At) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise at.error(f"true or false is expected, not {kind_of(value)}")


def integer(minimum: int | None = None, maximum: int | None = None) -> Parser:
    """Return the handler of a whole number within bounds."""

    def whole_number(value: Any, at: At) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise at.error(f"a whole number is expected, not {kind_of(value)}")
        if minimum is not None and value < minimum:
            raise at.error(f"{value} is too small: at least {minimum} is expected")
        if maximum is not None and value > maximum:
            raise at.error(f"{value} is too large: at most {maximum} is expected")
        return value

    return whole_number


def choice(*options: str) -> Parser:
    """Return the handler of a value that is one of a few words."""

    def one_of(value: Any, at: At) -> str:
        found = text(value, at)
        if found not in options:
            raise at.error(f"{found!r} is none of {', '.join(options)}")
        return found

    return one_of


def amount_or_percentage(value: Any, at: At) -> int | str:
    """Read a count or a percentage such as '25%'."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise at.error(f"{value} is negative")
        return value
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        return value
    shown = repr(value) if isinstance(value, str | float) else kind_of(value)
    raise at.error(f"a whole number or a percentage such as '25%' is expected, not {shown}")


def port_number(value: Any, at: At) -> int:
    """Read a port of 1 to 65535."""
    found: int = integer(1, 65535)(value, at)
    return found


def port_name(value: Any, at: At) -> str:
    """Read a port's name: at most 15 lowercase letters, digits and hyphens, with a letter."""
    found = text(value, at)
    plain = len(found) <= 15 and _PORT_NAME.fullmatch(found) and "--" not in found
    if not plain or not re.search("[a-z]", found):
        raise at.error(
            f"{found!r} is no port name: at most 15 lowercase letters, digits and single hyphens, "
            "one letter at least"
        )
    return found


def port(value: Any, at: At) -> Port:
    """Read a port's number or name."""
    return port_name(value, at) if isinstance(value, str) else port_number(value, at)


def object_name(value: Any, at: At) -> str:
    """Read an object's name (a DNS subdomain of at most 253 characters)."""
    found = text(value, at)
    if len(found) > 253 or not _SUBDOMAIN.fullmatch(found):
        raise at.error(
            f"{found[:80]!r} is no object name: lowercase letters, digits, '-', '.', at most 253 characters"
        )
    return found


def label_name(value: Any, at: At) -> str:
    """Read the name of a container, volume or Service (a DNS label of at most 63 characters)."""
    found = text(value, at)
    if len(found) > 63 or not _LABEL.fullmatch(found):
        raise at.error(
            f"{found[:80]!r} is no name here: lowercase letters, digits and '-', at most 63 characters"
        )
    return found


def variable_name(value: Any, at: At) -> str:
    """Read the name of an environment variable."""
    found = text(value, at)
    if not found or "=" in found or "\0" in found:
        raise at.error("is no name of an environment variable")
    return found


def absolute_path(value: Any, at: At) -> str:
    """Read the place of a mount; a trailing slash is dropped."""
    found = words(value, at)
    if not found.startswith("/") or ":" in found:
        raise at.error(f"{found!r} is no absolute path (without ':')")
    return found.rstrip("/") or "/"


def path_inside(value: Any, at: At) -> str:
    """Read a path that stays inside its folder."""
    found = text(value, at)
    if found.startswith("/") or ".." in found.split("/"):
        raise at.error(f"{found!r} leaves its folder: a relative path without '..' is expected")
    return found


def cpu_quantity(value: Any, at: At) -> int:
    """Read a CPU quantity as thousandths of a core."""
    return _quantity(value, at, parse_cpu)


def byte_quantity(value: Any, at: At) -> int:
    """Read a quantity of bytes."""
    return _quantity(value, at, parse_bytes)


def text_map(value: Any, at: At) -> Mapping[str, str]:
    """Read a map of text, such as labels."""
    if not isinstance(value, Mapping):
        raise at.error(f"a map is expected, not {kind_of(value)}")
    found = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise at.error(f"the key {key!r} is not text", "Put the key in quotes.")
        if item is not None:
            found[key] = item if isinstance(item, str) else text(item, at.child(key))
    return found


text_list = ListOf(text)


def _quantity(value: Any, at: At, parse: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise at.error(f"a quantity is expected, not {kind_of(value)}")
    try:
        found: int = parse(value)
    except ConfigurationError as error:
        raise at.error(error.message, error.hint) from None
    return found
