"""One HTTP exchange with a chosen address, bounded in time whatever the other side does."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, urlsplit

from tomorrows.deadline import watch

CONNECT_SECONDS = 3.0


class ExchangeFailed(Exception):
    """No complete answer came; the message is one sentence."""


@dataclass(frozen=True)
class Call:
    """What to send, and to which already judged address."""

    method: str
    url: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 10.0
    max_answer: int = 0


@dataclass(frozen=True)
class Answer:
    """The status, where it points to, and as much of the body as was asked for."""

    status: int
    location: str | None
    body: bytes


def exchange(call: Call) -> Answer:
    """Send a request to `call.address`, under the name and certificate of the URL's host."""
    parts = urlsplit(call.url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = http.client.HTTPConnection(host, port, timeout=call.seconds)
    # A socket timeout starts anew with each byte; the deadline ends an answer that drips, too.
    with watch.cut_after(call.seconds, lambda: _shut(connection)) as deadline:
        try:
            # The address was judged before; connecting by name would resolve again, perhaps to another one.
            raw = socket.create_connection((call.address, port), timeout=min(CONNECT_SECONDS, call.seconds))
            connection.sock = raw
            raw.settimeout(call.seconds)
            if parts.scheme == "https":
                connection.sock = _tls().wrap_socket(raw, server_hostname=host)
            answer = _converse(connection, call, parts)
            if deadline.late:
                # The cut looks like the end of the head: what was read so far is no answer.
                raise TimeoutError
            return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ExchangeFailed(f"{host}:{port} {_reason(error, deadline.late, call.seconds)}") from None
        finally:
            connection.close()


def _reason(error: Exception, late: bool, seconds: float) -> str:
    if late or isinstance(error, TimeoutError):
        return f"did not answer in {seconds:g} s"
    if isinstance(error, ssl.SSLError):
        return f"failed in TLS: {error.reason or type(error).__name__}"
    return f"failed: {getattr(error, 'strerror', None) or type(error).__name__}"


def _converse(connection: http.client.HTTPConnection, call: Call, parts: SplitResult) -> Answer:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": _host(parts), **call.headers, "Connection": "close"}
    connection.request(call.method, target, body=call.body or None, headers=headers)
    answer = connection.getresponse()
    body = answer.read(call.max_answer) if call.max_answer else b""
    return Answer(answer.status, answer.getheader("Location"), body)


def _shut(connection: http.client.HTTPConnection) -> None:
    current = connection.sock
    if current is not None:
        current.shutdown(socket.SHUT_RDWR)


def _host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    return f"{name}:{parts.port}" if parts.port else name


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
