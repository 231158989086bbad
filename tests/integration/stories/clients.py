"""Clients of the API: one request, and load that counts what it lost."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECONDS = 30.0


def get(url: str) -> tuple[int, str]:
    """The status and the body of an answer; any status is an answer."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """The document that a POST created."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        assert answer.status == 201
        created: dict[str, Any] = json.load(answer)
        return created


def due(**later: float) -> str:
    """An instant so much later than now."""
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


class Receiver:
    """A webhook on loopback that counts what came, by the key that tells a repeat from a new one."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()
        self.messages: dict[str, str] = {}
        self.ids: Counter[str] = Counter()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                key = self.headers["Idempotency-Key"]
                receiver.keys[key] += 1
                receiver.messages[key] = body["message"]
                receiver.ids[body["id"]] += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Load:
    """What the clients sent and what they did not get."""

    sent: int = 0
    failed: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, failure: str | None) -> None:
        with self._lock:
            self.sent += 1
            if failure:
                self.failed.append(failure)


@contextmanager
def load(port: int, path: str = "/health") -> Iterator[Load]:
    """Two clients that keep their connection and two that make a new one for each request."""
    counted, stop = Load(), threading.Event()
    kinds = (True, True, False, False)
    threads = [
        threading.Thread(target=_ask, args=(port, path, kept, counted, stop), daemon=True) for kept in kinds
    ]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS * 2)
    assert counted.sent > 0


@contextmanager
def posting(port: int, clients: int) -> Iterator[Load]:
    """Clients that do nothing but create reminders, each as fast as it is answered."""
    counted, stop = Load(), threading.Event()
    threads = [
        threading.Thread(target=_create, args=(port, counted, stop), daemon=True) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS * 2)
    assert counted.sent > clients


def _create(port: int, counted: Load, stop: threading.Event) -> None:
    body = json.dumps({"message": "hello", "due_at": due(days=1)}).encode()
    headers = {"Content-Type": "application/json"}
    while not stop.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            connection.request("POST", "/reminders", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            counted.count(None if answer.status == 201 else f"{answer.status}: {said[:200]!r}")
        except (OSError, http.client.HTTPException) as error:
            counted.count(f"{type(error).__name__}: {error}")
        finally:
            connection.close()


def _ask(port: int, path: str, kept: bool, counted: Load, stop: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    while not stop.is_set():
        counted.count(_request(connection, path))
        if not kept:
            connection.close()
        time.sleep(0.005)
    connection.close()


def _request(connection: http.client.HTTPConnection, path: str) -> str | None:
    if connection.sock is not None and _closed(connection):
        connection.close()
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return f"{type(error).__name__}: {error}"
    return None if answer.status == 200 else f"{answer.status}"


def _closed(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side closed a kept connection while it was idle, which is its right."""
    sock = connection.sock
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(SECONDS)
