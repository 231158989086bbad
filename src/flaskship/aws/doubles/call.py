"""One call to AWS as a double sees it, and its answer."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: service and operation as signed and targeted, path parts, and the JSON body."""

    service: str
    method: str
    path: str
    target: str
    region: str
    body: dict[str, Any]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: a JSON document, or an error by its AWS code."""

    document: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    error: str | None = None
    message: str = ""

    def encoded(self) -> bytes:
        """Return the body in bytes."""
        document = (
            {"__type": self.error, "message": self.message or self.error} if self.error else self.document
        )
        return json.dumps(document).encode()


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """Which calls a handler answers: a target (JSON protocols), or a method and a path (REST)."""

    service: str
    operation: str
    handler: Handler
    method: str = "POST"
    path: str | None = None

    def match(self, call: Call) -> tuple[str, ...] | None:
        """Return the parts of the path that the pattern names, or None where this is another call."""
        if call.service != self.service:
            return None
        if self.path is None:
            return () if call.target.endswith(f".{self.operation}") else None
        found = re.fullmatch(self.path, call.path) if call.method == self.method else None
        return tuple(found.groups()) if found else None


def missing(code: str = "ResourceNotFoundException") -> Answer:
    """Return what AWS says of something that is not there."""
    return Answer(status=404 if code == "ResourceNotFoundException" else 400, error=code)


def refused(message: str, code: str = "ValidationException") -> Answer:
    """Return what AWS says of a call that it understands and does not do."""
    return Answer(status=400, error=code, message=message)
