"""One HTTP exchange with a chosen address, bounded in time whatever the other side does."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, urlsplit

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
    try:
        with _cut_after(connection, call.seconds):
            # The address was judged before; connecting by name would resolve again, perhaps to another one.
            raw = socket.create_connection((call.address, port), timeout=min(CONNECT_SECONDS, call.seconds))
            raw.settimeout(call.seconds)
            connection.sock = raw
            if parts.scheme == "https":
                connection.sock = _tls().wrap_socket(raw, server_hostname=host)
            return _converse(connection, call, parts)
    except TimeoutError:
        raise ExchangeFailed(f"{host}:{port} did not answer in {call.seconds:g} s") from None
    except ssl.SSLError as error:
        raise ExchangeFailed(f"{host}:{port} failed in TLS: {error.reason or type(error).__name__}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ExchangeFailed(f"{host}:{port} failed: {reason}") from None
    finally:
        connection.close()


def _converse(connection: http.client.HTTPConnection, call: Call, parts: SplitResult) -> Answer:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request(
        call.method, target, body=call.body or None, headers={**call.headers, "Connection": "close"}
    )
    answer = connection.getresponse()
    body = answer.read(call.max_answer) if call.max_answer else b""
    return Answer(answer.status, answer.getheader("Location"), body)


@contextlib.contextmanager
def _cut_after(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    # A socket timeout starts anew with each byte; this one ends an answer that drips.
    late = threading.Event()

    def cut() -> None:
        late.set()
        current = connection.sock
        if current is not None:
            with contextlib.suppress(OSError):
                current.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
