"""Request and response heads, parsed strictly: what two parsers could read differently is refused."""

import re
from typing import Final

CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2

MAX_LINE: Final = 8 * 1024
MAX_HEAD: Final = 32 * 1024
MAX_HEADERS: Final = 100

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e\x80-\xff]++) HTTP/1\.([01])")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*+)?")
_BLOCK = re.compile(rb"(?:" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*+\r\n)*+")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_ABSOLUTE = re.compile(rb"https?://([^/?#@]++)(.*)", re.IGNORECASE | re.DOTALL)

_SAFE = frozenset((b"GET", b"HEAD", b"OPTIONS"))
# A client must not have these removed by naming them in Connection.
_NEVER_HOP = frozenset(
    (b"host", b"content-length", b"transfer-encoding", b"x-request-id", b"authorization", b"cookie")
)
_REQUEST_SPECIAL = frozenset(
    (
        b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
        b"upgrade", b"content-length", b"expect", b"host", b"http2-settings", b"x-request-id",
        b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host",
    )
)  # fmt: skip
_RESPONSE_SPECIAL = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"content-length",
    )
)


class BadMessage(Exception):
    """A head or body that cannot be forwarded safely; status is what the client is told."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class RequestHeaders:
    """What the header block of a request says; kept holds the lines that go on, each with its CRLF."""

    __slots__ = (
        "added",
        "close",
        "expect",
        "forwarded_for",
        "host",
        "keep",
        "kept",
        "length",
        "request_id",
        "upgrade",
    )

    def __init__(self) -> None:
        self.kept = b""
        self.added = b""
        self.host = b""
        self.length = 0
        self.close = False
        self.keep = False
        self.expect = False
        self.upgrade = b""
        self.forwarded_for = b""
        self.request_id = b""


class Request:
    """One request's head; before and after are what a replica is sent around the hop's own fields."""

    __slots__ = ("after", "before", "headers", "method", "minor", "persistent", "safe", "target")

    def __init__(self, method: bytes, target: bytes, minor: int, headers: RequestHeaders) -> None:
        self.method = method
        self.target = target
        self.minor = minor
        self.headers = headers
        self.persistent = not headers.close if minor else headers.keep
        """Whether the client wants the connection kept."""
        self.safe = method in _SAFE and not headers.length and not headers.upgrade
        """Whether it may be sent twice, and so over a pooled connection."""
        self.before = b"%b %b HTTP/1.%d\r\n%bX-Forwarded-For: %b" % (
            method, target, minor, headers.kept, headers.forwarded_for,
        )  # fmt: skip
        self.after = (
            b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" if headers.upgrade else b"\r\n\r\n"
        )


class Response:
    """One response's head; kept holds the status line and the lines that go on, each with its CRLF."""

    __slots__ = ("kept", "last", "length", "more", "persistent", "status", "upgrade")

    def __init__(self, status: int, kept: bytes, length: int, persistent: bool, upgrade: bytes) -> None:
        self.status = status
        self.kept = kept
        self.length = length
        self.persistent = persistent
        self.upgrade = upgrade
        self.more = kept + b"\r\n"
        self.last = kept + b"Connection: close\r\n\r\n"


def find_head(buffer: bytes) -> int:
    """Return where the head's empty line begins, -1 while incomplete; BadMessage(414|431) over the limits."""
    end = buffer.find(b"\r\n\r\n")
    size = len(buffer) if end < 0 else end
    if size > MAX_LINE:
        line = buffer.find(b"\r\n", 0, MAX_LINE + 2)
        if line < 0:
            raise BadMessage(414, f"the request line is over {MAX_LINE} bytes")
        if size > MAX_HEAD:
            raise BadMessage(431, f"the header fields are over {MAX_HEAD} bytes")
    elif end < 0 and (b"\n" in buffer or b"\0" in buffer) and b"\n\n" in buffer.replace(b"\r", b""):
        raise BadMessage(400, "a line of the head does not end with CRLF")
    return end


def parse_request(head: bytes) -> Request:
    """Return the request whose head (each line with its CRLF) this is; BadMessage for what is not one."""
    line, _, block = head.partition(b"\r\n")
    matched = _REQUEST_LINE.fullmatch(line)
    if matched is None:
        if len(line) > MAX_LINE:
            raise BadMessage(414, f"the request line is over {MAX_LINE} bytes")
        if re.search(rb" HTTP/[0-9.]+$", line) and not re.search(rb" HTTP/1\.[01]$", line):
            raise BadMessage(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
        raise BadMessage(400, "the request line is malformed")
    method, target, minor = matched.groups()
    if len(line) > MAX_LINE:
        raise BadMessage(414, f"the request line is over {MAX_LINE} bytes")
    if method == b"CONNECT":
        raise BadMessage(405, "CONNECT is not served here")
    headers = _remembered(block)
    if target[0] != 47:  # "/"
        target = _absolute(method, target, headers.host)
    if minor == b"1":
        if not headers.host:
            raise BadMessage(400, "the Host field is missing")
    elif headers.length == CHUNKED:
        raise BadMessage(400, "HTTP/1.0 has no Transfer-Encoding")
    return Request(method, target, 1 if minor == b"1" else 0, headers)


def _absolute(method: bytes, target: bytes, host: bytes) -> bytes:
    if target == b"*" and method == b"OPTIONS":
        return target
    matched = _ABSOLUTE.fullmatch(target)
    if matched is None:
        raise BadMessage(400, "the request target is malformed")
    authority, rest = matched.groups()
    if host and authority.lower() != host.lower():
        raise BadMessage(400, "the request target and the Host field differ")
    return rest if rest.startswith(b"/") else b"/" + rest


# Clients and replicas repeat themselves from message to message: what was parsed is remembered, unless it
# holds a secret. The very same bytes are the very same message.
_ENTRIES: Final = 256
_SIZE: Final = 1024
_SECRET = re.compile(rb"cookie|authorization|secret|token|key", re.IGNORECASE)
_whole: dict[bytes, Request] = {}
_requests: dict[bytes, RequestHeaders] = {}
_responses: dict[bytes, Response] = {}


def _remembered(block: bytes) -> RequestHeaders:
    found = _requests.get(block)
    if found is None:
        found = parse_request_headers(block)
        if not found.request_id and _memorable(block):
            if len(_requests) >= _ENTRIES:
                _requests.clear()
            _requests[block] = found
    return found


known_request = _whole.get
"""Returns the request of these bytes, if they are a whole head that was seen before and nothing more."""


def remember_request(data: bytes, request: Request) -> None:
    """Know the request again by its bytes: a head without a body, and nothing after it."""
    if not request.headers.length and not request.headers.request_id and _memorable(data):
        if len(_whole) >= _ENTRIES:
            _whole.clear()
        _whole[data] = request


def known_response(head: bytes, method: bytes) -> Response | None:
    """Return the response that this head was before."""
    return None if method == b"HEAD" else _responses.get(head)


def _memorable(text: bytes) -> bool:
    return len(text) <= _SIZE and _SECRET.search(text) is None


def _lines(block: bytes, status: int) -> list[bytes]:
    if _BLOCK.fullmatch(block) is None:
        raise BadMessage(status, "a header field is malformed")
    lines = block.split(b"\r\n")
    lines.pop()
    if len(lines) > MAX_HEADERS:
        raise BadMessage(431 if status == 400 else status, f"there are over {MAX_HEADERS} header fields")
    return lines


def parse_request_headers(block: bytes) -> RequestHeaders:
    """Return what the block says; BadMessage where it contradicts itself."""
    found = RequestHeaders()
    kept: list[bytes] = []
    special: dict[bytes, bytes] = {}
    for line in _lines(block, 400):
        name, _, value = line.partition(b":")
        name = name.lower()
        if name not in _REQUEST_SPECIAL:
            kept.append(line)
            continue
        value = value.strip(b" \t")
        if name not in special:
            special[name] = value
        elif name in (b"content-length", b"host", b"transfer-encoding", b"expect"):
            raise BadMessage(400, f"the field {name.decode()} is there twice")
        else:
            special[name] += b", " + value
    found.length = _request_length(special)
    named = _tokens(special.get(b"connection", b""))
    found.close = b"close" in named
    found.keep = b"keep-alive" in named
    kept = _without(kept, named)
    if b"upgrade" in named and special.get(b"upgrade", b"").lower() == b"websocket" and not found.length:
        found.upgrade = b"websocket"
    found.host = special.get(b"host", b"")
    if b"host" in special:
        kept.insert(0, b"Host: " + found.host)
    if found.length == CHUNKED:
        kept.append(b"Transfer-Encoding: chunked")
    elif b"content-length" in special:
        kept.append(b"Content-Length: " + special[b"content-length"])
    if special.get(b"expect"):
        if special[b"expect"].lower() != b"100-continue":
            raise BadMessage(417, "only the expectation 100-continue is known")
        found.expect = found.length != 0
        if found.expect:
            kept.append(b"Expect: 100-continue")
    kept.append(b"X-Forwarded-Proto: " + special.get(b"x-forwarded-proto", b"http"))
    kept.append(b"X-Forwarded-Host: " + special.get(b"x-forwarded-host", found.host))
    found.forwarded_for = special[b"x-forwarded-for"] + b", " if special.get(b"x-forwarded-for") else b""
    found.request_id = special.get(b"x-request-id", b"")
    kept.append(b"")
    found.kept = b"\r\n".join(kept)
    return found


def _request_length(special: dict[bytes, bytes]) -> int:
    coding = special.get(b"transfer-encoding")
    length = special.get(b"content-length")
    if coding is not None:
        if length is not None:
            raise BadMessage(400, "both Content-Length and Transfer-Encoding are there")
        if coding.lower() != b"chunked":
            raise BadMessage(501, "the only transfer coding known here is chunked")
        return CHUNKED
    if length is None:
        return 0
    if _LENGTH.fullmatch(length) is None:
        raise BadMessage(400, "Content-Length is not one whole number")
    return int(length)


def _tokens(value: bytes) -> list[bytes]:
    return [token.strip(b" \t").lower() for token in value.split(b",")] if value else []


def _without(kept: list[bytes], named: list[bytes]) -> list[bytes]:
    gone = [
        name
        for name in named
        if name not in (b"close", b"keep-alive", b"upgrade", b"") and name not in _NEVER_HOP
    ]
    return [line for line in kept if line.partition(b":")[0].lower() not in gone] if gone else kept


def parse_response(head: bytes, method: bytes) -> Response:
    """Return the response to a request of that method; BadMessage(502) for what is not one."""
    if method == b"HEAD":
        return _parse_response(head, method)
    found = _responses.get(head)
    if found is None:
        found = _parse_response(head, method)
        if _memorable(head):
            if len(_responses) >= _ENTRIES:
                _responses.clear()
            _responses[head] = found
    return found


def _parse_response(head: bytes, method: bytes) -> Response:
    line, _, block = head.partition(b"\r\n")
    matched = _STATUS_LINE.fullmatch(line)
    if matched is None:
        raise BadMessage(502, "the replica's status line is malformed")
    minor, code = matched.groups()
    status = int(code)
    kept = [b"HTTP/1.1" + line[8:]]
    length: bytes | None = None
    coding = connection = upgrade = b""
    for field in _lines(block, 502):
        name, _, value = field.partition(b":")
        name = name.lower()
        if name not in _RESPONSE_SPECIAL:
            kept.append(field)
            continue
        value = value.strip(b" \t")
        if name == b"content-length":
            if _LENGTH.fullmatch(value) is None or (length is not None and length != value):
                raise BadMessage(502, "the replica's Content-Length is not one whole number")
            length = value
        elif name == b"connection":
            connection += b"," + value
        elif name == b"transfer-encoding":
            coding += value.lower()
        elif name == b"upgrade":
            upgrade = value
    named = _tokens(connection)
    kept = _without(kept, named)
    persistent = b"close" not in named and (minor == b"1" or b"keep-alive" in named)
    size = _response_length(status, method, coding, length)
    if coding:
        if coding != b"chunked":
            raise BadMessage(502, "the replica's transfer coding is not chunked")
        persistent = persistent and length is None
        if 200 <= status != 204:
            kept.append(b"Transfer-Encoding: chunked")
    elif length is not None and 200 <= status != 204:
        kept.append(b"Content-Length: " + length)
    kept.append(b"")
    return Response(status, b"\r\n".join(kept), size, persistent and size != UNTIL_CLOSE, upgrade)


def _response_length(status: int, method: bytes, coding: bytes, length: bytes | None) -> int:
    if status < 200 or status in (204, 304) or method == b"HEAD":
        return 0
    if coding:
        return CHUNKED
    return UNTIL_CLOSE if length is None else int(length)
