"""$(VAR) in values and arguments, as Kubernetes expands it."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return the text with every known $(VAR) replaced; $$ is a $, an unknown $(VAR) stays."""
    if "$" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        name = match[1]
        return "$" if name is None else values.get(name, match[0])

    return _REFERENCE.sub(one, text)
