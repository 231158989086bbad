"""What this system offers; one that lacks something gets by without it.

FLASKSHIP_WITHOUT=pidfd,proc,... takes something away, or `all` of it: so the ways of another system (macOS
has none of them) are gone on this one, in every process of the engine. The spawner uses this module too: it
imports nothing but the standard library.
"""

import os
import socket
import sys

VARIABLE = "FLASKSHIP_WITHOUT"
_OFFERED = {
    "pidfd": hasattr(os, "pidfd_open"),
    "proc": os.path.isdir("/proc/self"),  # noqa: PTH112 (a Path costs the spawner an import)
    "addresses": sys.platform.startswith("linux"),
    "cgroups": sys.platform.startswith("linux"),
    "inotify": sys.platform.startswith("linux"),
    "subreaper": sys.platform.startswith("linux"),
    "landlock": sys.platform.startswith("linux"),
    "waitid": hasattr(os, "waitid"),
    "peercred": hasattr(socket, "SO_PEERCRED"),
}
NAMES = frozenset(_OFFERED)


def taken_away(text: str) -> frozenset[str]:
    """Return the names in a value of the variable; ValueError for one that is none."""
    named = frozenset(word.strip() for word in text.split(",") if word.strip())
    if named == {"all"}:
        return NAMES
    if unknown := sorted(named - NAMES):
        raise ValueError(f"{VARIABLE} names {unknown[0]!r}; it knows all, {', '.join(sorted(NAMES))}")
    return named


def has(name: str) -> bool:
    """Tell whether the system offers it, and nobody took it away."""
    return _OFFERED[name] and name not in taken_away(os.environ.get(VARIABLE, ""))
