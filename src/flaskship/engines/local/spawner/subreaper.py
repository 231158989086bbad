"""Asks the kernel to hand orphaned descendants to this process instead of to init."""

import ctypes

from flaskship.engines.local.processes.capabilities import has

_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> bool:
    """Return whether orphans of our children become our children; only Linux can."""
    if not has("subreaper"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
