"""A Kubernetes version against the kubeVersion of a Chart.yaml: the comparisons that charts use."""

import operator
import re

from flaskship.model.errors import ConfigurationError

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?")
_PART = re.compile(r"(>=|<=|!=|=|>|<)?\s*(v?\d\S*)")
_COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
    "": operator.eq,
}


def satisfies(version: str, constraint: str) -> bool:
    """Whether a version meets a constraint such as `>=1.30.0-0 <2`; alternatives are joined by ||."""
    given = _parsed(version)
    return any(_all_hold(given, part) for part in constraint.split("||"))


def _all_hold(given: tuple[int, int, int], constraint: str) -> bool:
    parts = _PART.findall(constraint)
    rest = _PART.sub("", constraint).replace(",", "").strip()
    if not parts or rest:
        raise ConfigurationError(f"kubeVersion {constraint!r} is not understood", hint="such as: >=1.30.0-0")
    return all(_COMPARE[sign](given, _parsed(text)) for sign, text in parts)


def _parsed(text: str) -> tuple[int, int, int]:
    match = _VERSION.fullmatch(text.strip().rstrip(","))
    if match is None:
        raise ConfigurationError(f"{text!r} is no version of Kubernetes", hint="such as: 1.33 or v1.33.2")
    return int(match[1]), int(match[2]), int(match[3] or 0)
