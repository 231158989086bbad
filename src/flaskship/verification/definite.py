"""Answers that neither a start nor a slow dependency gives: what is asked is wrong, and stays wrong.

A wrong path, method or permission is answered so by an application that is there. What says "not now" in the
same hundred (too many requests, too early, a conflict, something locked) may pass, as 503 and silence may.
"""

MAY_PASS = frozenset({408, 409, 423, 424, 425, 429})
NEVER_SERVED = frozenset({501, 505})
"""A method or a version of HTTP that the server does not have: of the other hundred, but as final."""


def is_definite(status: int | None) -> bool:
    """Tell whether a probe that is answered with this HTTP status will be so again; None is no answer."""
    if status is None:
        return False
    return (400 <= status < 500 and status not in MAY_PASS) or status in NEVER_SERVED
