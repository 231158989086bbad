"""Kubernetes quantities (100m, 1.5, 128Mi, 1G, 1e3) as exact numbers."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Self

from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass

_FORM = re.compile(
    r"(?P<sign>[+-]?)(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?:(?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<exponent>[+-]?[0-9]{1,3}))?",
    re.ASCII,
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO = 10**9
_LARGEST = 2**63 - 1
_LONGEST = 64
_SLIPS = {"K": "k or Ki", "mi": "Mi", "gi": "Gi", "ki": "Ki", "MB": "M", "GB": "G", "MiB": "Mi", "GiB": "Gi"}


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """An exact amount in billionths, which is the finest that Kubernetes keeps (finer is rounded up)."""

    nano: int

    @classmethod
    def parse(cls, text: str | int | float) -> Self:
        """Return the amount; ConfigurationError says what is wrong with the text."""
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise ConfigurationError(f"{text!r} is not a quantity", hint=_HINT)
        shown = _plain(text) if isinstance(text, float) else str(text)
        match = _FORM.fullmatch(shown) if len(shown) <= _LONGEST else None
        if match is None:
            raise ConfigurationError(f"{shown[:_LONGEST]!r} is not a quantity{_slip(shown)}", hint=_HINT)
        amount = Fraction(match["number"].rstrip(".")) * _scale(match["suffix"], match["exponent"])
        if amount > _LARGEST:
            raise ConfigurationError(f"{shown!r} is larger than a quantity can be (2^63 - 1)", hint=_HINT)
        nano = -(-amount * _NANO // 1)
        return cls(int(-nano if match["sign"] == "-" else nano))

    def __int__(self) -> int:
        return -(-self.nano // _NANO)

    @property
    def milli(self) -> int:
        """Thousandths, rounded up: the unit of CPU shares and autoscalers."""
        return -(-self.nano // 10**6)


def parse_cpu(text: str | int | float) -> int:
    """Return thousandths of a core, rounded up; negative amounts are errors."""
    return _not_negative(text).milli


def parse_bytes(text: str | int | float) -> int:
    """Return whole bytes, rounded up; negative amounts are errors."""
    return int(_not_negative(text))


def format_bytes(count: int) -> str:
    """Return bytes for people, exact where a binary unit divides them: 128Mi, else 123.4Mi."""
    for suffix, power in reversed(_BINARY.items()):
        if count >= 2**power:
            whole, rest = divmod(count, 2**power)
            return f"{whole}{suffix}" if not rest else f"{count / 2**power:.1f}{suffix}"
    return str(count)


_HINT = "write a number with an optional suffix: 100m, 1.5, 128Mi, 1G, 1e3"


def _not_negative(text: str | int | float) -> Quantity:
    quantity = Quantity.parse(text)
    if quantity.nano < 0:
        raise ConfigurationError(f"{text!r} is negative", hint=_HINT)
    return quantity


def _scale(suffix: str | None, exponent: str | None) -> Fraction:
    if suffix in _BINARY:
        return Fraction(2 ** _BINARY[suffix])
    power = _DECIMAL[suffix] if suffix else int(exponent or 0)
    return Fraction(10) ** power


def _plain(number: float) -> str:
    return format(Decimal(repr(number)), "f")


def _slip(shown: str) -> str:
    suffix = shown.lstrip("+-0123456789.")
    return f" ({suffix} should be {_SLIPS[suffix]})" if suffix in _SLIPS else ""
