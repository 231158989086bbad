"""Credentials stay where they belong: no text that people or logs see has them."""

import re

_CREDENTIALS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)


def mask(text: str) -> str:
    """The text without the user and password of any URL."""
    return _CREDENTIALS.sub(r"\g<scheme>***@", text)
