"""What gunicorn refuses before the application sees it, told as every other error is."""

import json
from http import HTTPStatus

DETAILS = {
    400: "The request is not HTTP as it has to be.",
    403: "The request is not allowed to come this way.",
    414: "The address is too long.",
    417: "The expectation in the header cannot be met.",
    431: "The headers are too long, or too many.",
    501: "This transfer coding is not supported.",
}


class Overheard:
    """Stands in for the client's socket while gunicorn writes its own page: only the status counts."""

    def __init__(self) -> None:
        self._said = b""

    def gettimeout(self) -> float:
        """As a socket that does not wait."""
        return 0.0

    def sendall(self, data: bytes) -> None:
        """Keep what would have been sent."""
        self._said += data

    @property
    def status(self) -> int | None:
        """The status of the page; None where nothing was said."""
        words = self._said.split(b" ", 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def answer(status: int) -> bytes:
    """The whole answer, after which the connection is closed."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    detail = DETAILS.get(status, "The request could not be answered.")
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body
