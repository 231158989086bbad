"""What the router answers by itself: problem documents."""

import json
from http import HTTPStatus


def problem(
    status: int, detail: str, *, service: str = "", request_id: str = "", head_only: bool = False, close: bool
) -> bytes:
    """Return a whole response with a JSON problem body (RFC 9457) that names the service."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if service:
        body["service"] = service
    if request_id:
        body["request_id"] = request_id
    content = json.dumps(body).encode() + b"\n"
    fields = [
        f"HTTP/1.1 {status} {title}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
    ]
    if status == 503:
        fields.append("Retry-After: 1")
    if status == 405:
        fields.append("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
    if close:
        fields.append("Connection: close")
    head = "\r\n".join(fields).encode() + b"\r\n\r\n"
    return head if head_only else head + content
