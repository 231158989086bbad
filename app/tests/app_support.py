"""What the tests of the applications share: settings, a movable clock, real servers."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy import text

from tomorrows.settings import parse

APP = Path(__file__).resolve().parent.parent
PYCACHE = Path(tempfile.mkdtemp(prefix="tomorrows-pycache-"))
atexit.register(shutil.rmtree, PYCACHE, ignore_errors=True)
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that moves when a test says so."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now

    def advance(self, **delta):
        self.now += timedelta(**delta)


def settings(**environment):
    return parse({key: str(value) for key, value in environment.items()})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# A condition that comes true costs only its own time; the patience is for machines with other work to do.
PATIENCE = 4.0


def wait_until(question, seconds=20.0, what="the condition"):
    seconds = min(seconds * PATIENCE, 100.0)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = question()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come true in {seconds} s")


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """One role under a real gunicorn, as the image starts it."""

    def __init__(self, role, log_path, **environment):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = Path(log_path)
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "APP_ROLE": role,
            "PORT": str(self.port),
            "POD_IP": "127.0.0.1",
            # Compiled once for all servers of a run, and never beside the code.
            "PYTHONPYCACHEPREFIX": str(PYCACHE),
            "HOME": "/nonexistent",
            **{key: str(value) for key, value in environment.items()},
        }
        self.process = None

    def start(self, wait=True):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:app"],
                cwd=APP,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            wait_until(self.answers, what=f"{self.environment['APP_ROLE']} answering\n{self.log()[-2000:]}")
        return self

    def answers(self):
        try:
            return self.get("/health").status == 200
        except OSError:
            if self.process.poll() is not None:
                raise AssertionError(f"exited {self.process.returncode}: {self.log()[-3000:]}") from None
            return False

    def get(self, path, timeout=30, **headers):
        return self.call("GET", path, timeout=timeout, **headers)

    def call(self, method, path, body=None, timeout=30, **headers):
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=named)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def kill(self):
        """kill -9 the whole tree, as a lost node would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def terminate(self, seconds=90):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    def events(self, name):
        lines = (line for line in self.log().splitlines() if line.startswith("{"))
        return [line for line in map(json.loads, lines) if line["event"] == name]


@dataclass
class Received:
    path: str
    headers: dict
    body: bytes


class Receiver:
    """A webhook's other end, on loopback; `respond(handler, received)` decides the answer."""

    def __init__(self, respond=None):
        self.received = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                received = Received(self.path, dict(self.headers), self.rfile.read(length))
                with outer._lock:
                    outer.received.append(received)
                if respond is None:
                    self.answer(204)
                else:
                    respond(self, received)

            do_GET = do_POST

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def receiving(respond=None):
    receiver = Receiver(respond)
    try:
        yield receiver
    finally:
        receiver.close()


def ask(database, statement="SELECT 1"):
    with database.reading() as connection:
        return connection.execute(text(statement)).scalar()
