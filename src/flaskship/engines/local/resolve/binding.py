"""Addresses to listen on: 0.0.0.0, [::] and declared ports become the replica's own."""

import re
from collections.abc import Mapping

_EVERY = ("0.0.0.0", "[::]", "::")  # noqa: S104 - what we replace, never what we bind
_WILDCARD = r"(?:0\.0\.0\.0|\[::\])"
_INSIDE = re.compile(rf"(?<![\w.:\[])(?P<host>{_WILDCARD}):(?P<port>[0-9]{{1,5}}(?!\d)|\$\{{?\w+\}}?)")
_WHOLE = re.compile(rf"(?P<host>{_WILDCARD}|\*|):(?P<port>[0-9]{{1,5}})")


class Binding:
    """The address of a replica and where its declared ports are."""

    def __init__(self, address: str, ports: Mapping[int, int]) -> None:
        self._address = address
        self._ports = ports

    def declared(self, text: str) -> int | None:
        """Return the port here of a number that is a declared port."""
        return self._ports.get(int(text)) if text.isascii() and text.isdigit() else None

    def every(self, text: str) -> str | None:
        """Return the replica's address for a text that means every address."""
        return self._address if text in _EVERY else None

    def endpoint(self, text: str) -> str | None:
        """Return the replica's endpoint for a whole 0.0.0.0:PORT, [::]:PORT or :PORT of a declared port."""
        match = _WHOLE.fullmatch(text)
        port = self.declared(match["port"]) if match else None
        return None if port is None else f"{self._address}:{port}"

    def inside(self, text: str) -> str:
        """Replace every 0.0.0.0:PORT and 0.0.0.0:$VARIABLE within a longer text."""

        def one(match: re.Match[str]) -> str:
            if match["port"].startswith("$"):
                return f"{self._address}:{match['port']}"
            port = self.declared(match["port"])
            return match[0] if port is None else f"{self._address}:{port}"

        return _INSIDE.sub(one, text) if ":" in text else text
