"""Real processes: what SIGTERM, slow clients and large bodies do to gunicorn as the image starts it."""

import http.client
import json
import os
import shutil
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from app_support import APP, Server, receiving, wait_until

DUE = "2027-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def hardy(migrated_file, tmp_path_factory):
    """One server with tight limits that all the attacks share: none may hurt the next."""
    folder = tmp_path_factory.mktemp("hardy")
    copy = shutil.copy(migrated_file, folder / "reminders.db")
    server = Server(
        "api", folder / "log", DATABASE_URL=f"sqlite:///{copy}", REQUEST_TIMEOUT=1, MAX_BODY_BYTES=1000
    )
    yield server.start()
    server.stop()


def send_head(server, length, extra=""):
    """Open a POST whose body is still to come."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    client.sendall(
        f"POST /reminders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n{extra}\r\n".encode()
    )
    return client


def read_answer(client):
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.read()


@pytest.mark.parametrize("tell", [os.kill, os.killpg], ids=["process", "group"])
def test_sigterm_drops_readiness_first_then_finishes_what_is_in_flight_and_exits_0(serve, sqlite_url, tell):
    server = serve("api", DATABASE_URL=sqlite_url, GRACEFUL_TIMEOUT=30)
    body = json.dumps({"message": "in flight", "due_at": DUE}).encode()
    client = send_head(server, len(body))
    client.sendall(body[:10])
    # The request that asks is one, the one with half its body is the other.
    wait_until(
        lambda: b"tomorrows_http_in_flight 2.0" in server.get("/metrics").body, what="the request in flight"
    )
    tell(server.process.pid, signal.SIGTERM)
    ready = wait_until(lambda: (answer := server.get("/ready")).status == 503 and answer, 5, "unready")
    assert any("draining" in reason for reason in ready.json["reasons"])
    assert server.get("/health").json == {"status": "healthy"}
    assert server.process.poll() is None
    client.sendall(body[10:])
    status, _ = read_answer(client)
    assert status == 201
    assert server.process.wait(60) == 0


def test_sigterm_under_load_loses_no_accepted_request(serve, sqlite_url):
    server = serve("api", DATABASE_URL=sqlite_url, GRACEFUL_TIMEOUT=2)
    created, failed = [], []

    def client(number):
        for step in range(10_000):
            try:
                answer = server.call("POST", "/reminders", {"message": f"{number}-{step}", "due_at": DUE})
            except OSError as error:
                if not isinstance(getattr(error, "reason", error), ConnectionRefusedError):
                    failed.append(error)
                return
            created.append(answer.json["id"]) if answer.status == 201 else failed.append(answer)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(created) > 30, what="load")
    assert server.terminate() == 0
    for thread in threads:
        thread.join(20)
    again = serve("api", DATABASE_URL=sqlite_url)
    stored, cursor = set(), ""
    while cursor is not None:
        page = again.get(f"/reminders?limit=100&cursor={cursor}" if cursor else "/reminders?limit=100").json
        stored |= {item["id"] for item in page["items"]}
        cursor = page["next_cursor"]
    assert set(created) <= stored
    # The kernel may take a connection in the instant in which the listener closes: that one is reset.
    assert len(failed) <= 1, failed


def test_an_idle_process_does_not_wait_for_its_grace_to_pass(serve, sqlite_url):
    before = {path for path in APP.rglob("*") if "__pycache__" not in path.parts}
    server = serve("api", DATABASE_URL=sqlite_url, GRACEFUL_TIMEOUT=600)
    assert server.terminate(seconds=100) == 0
    assert {
        path for path in APP.rglob("*") if "__pycache__" not in path.parts
    } == before  # a read-only root will do


def test_slow_bodies_are_cut_and_the_threads_come_back(hardy):
    server = hardy
    clients = [send_head(server, 1000) for _ in range(12)]
    wait_until(lambda: server.get("/health").status == 200, 15, "health behind twelve slow clients")
    for client in clients:
        client.settimeout(60)
        assert b"201" not in client.recv(4096)  # an answer that refuses, or the end of the connection
        client.close()
    assert server.call("POST", "/reminders", {"message": "after", "due_at": DUE}).status == 201


def test_slow_heads_are_cut(hardy):
    server = hardy
    clients = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(10)]
    for client in clients:
        client.sendall(b"GET /health HTTP/1.1\r\nHost:")
    for client in clients:
        assert b"200" not in client.recv(4096)
        client.close()
    assert server.get("/health").status == 200


def test_too_much_in_flight_is_shed_with_retry_after_while_probes_answer(serve, sqlite_url):
    server = serve("api", DATABASE_URL=sqlite_url, MAX_IN_FLIGHT=3, REQUEST_TIMEOUT=20)
    clients = [send_head(server, 1000) for _ in range(5)]
    answer = wait_until(lambda: (a := server.get("/reminders")).status == 503 and a, 5, "shedding")
    assert answer.headers["Retry-After"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert server.get("/ready").status == 200
    for client in clients:
        client.close()
    wait_until(lambda: server.get("/reminders").status == 200, 10, "serving again")


def test_kept_connections_that_end_together_are_no_requests_in_flight(serve, sqlite_url):
    """A proxy that takes a replica out of its rotation closes all that it kept, beside the last requests."""
    server = serve("api", DATABASE_URL=sqlite_url, MAX_IN_FLIGHT=8)
    idle = [keep(server) for _ in range(90)]
    busy = [keep(server) for _ in range(6)]
    worker = int(Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text())
    body = json.dumps({"message": "last", "due_at": DUE}).encode()
    head = b"POST /reminders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    # Frozen meanwhile, the server meets all of it in one look at its connections.
    os.kill(worker, signal.SIGSTOP)
    try:
        for client in idle:
            client.close()
        for client in busy:
            client.sendall(head + body)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert [read_answer(client)[0] for client in busy] == [201] * len(busy)
    for client in busy:
        client.close()
    wait_until(
        lambda: b"tomorrows_http_in_flight 1.0" in server.get("/metrics").body, what="nothing in flight"
    )


def keep(server):
    """Open a connection, ask once, and keep it."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert read_answer(client)[0] == 200
    return client


def test_oversized_bodies_get_413_or_a_closed_connection_and_hurt_nobody(hardy):
    server = hardy
    pid = server.process.pid
    for head, piece in (
        ("Content-Length: 50000000\r\n", b"x" * 65536),
        ("Transfer-Encoding: chunked\r\n", None),
    ):
        client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        client.sendall(
            f"POST /reminders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n".encode()
        )
        answer = b""
        with suppress(OSError):
            for _ in range(200):
                client.sendall(piece or b"1000\r\n" + b"x" * 4096 + b"\r\n")
        with suppress(OSError):
            answer = client.recv(4096)
        assert answer == b"" or b" 413 " in answer.splitlines()[0], (head, answer)
        client.close()
    assert server.call("POST", "/reminders", {"message": "m" * 2000, "due_at": DUE}).status == 413
    assert server.get("/health").status == 200
    assert server.process.pid == pid
    assert not [line for line in server.log().splitlines() if "Traceback" in line]


def test_garbage_on_the_wire_is_answered_or_closed(hardy):
    server = hardy
    for junk in (
        b"\x00\xff\xfe\r\n\r\n",
        b"GET /\r\n\r\n",
        b"POST /reminders HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
            client.sendall(junk)
            assert b" 200 " not in client.recv(4096)
    assert server.get("/health").status == 200


@pytest.mark.parametrize(
    ("head", "status", "detail"),
    [
        (f"GET /{'a' * 5000} HTTP/1.1\r\nHost: x\r\n\r\n", 414, "The address is too long."),
        (
            f"GET / HTTP/1.1\r\nHost: x\r\nX: {'a' * 9000}\r\n\r\n",
            431,
            "The headers are too long, or too many.",
        ),
        (
            "GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{n}: 1\r\n" for n in range(70)) + "\r\n",
            431,
            "The headers are too long, or too many.",
        ),
        ("NO HTTP\r\n\r\n", 400, "The request is not HTTP as it has to be."),
    ],
    ids=["address", "header", "headers", "garbage"],
)
def test_what_the_server_refuses_by_itself_is_a_problem_too(hardy, head, status, detail):
    with socket.create_connection(("127.0.0.1", hardy.port), timeout=60) as client:
        client.sendall(head.encode())
        response = http.client.HTTPResponse(client)
        response.begin()
        body = json.loads(response.read())
    assert response.getheader("Content-Type") == "application/problem+json"
    assert response.getheader("Connection") == "close"
    assert (response.status, body["status"], body["detail"]) == (status, status, detail)
    assert hardy.get("/health").status == 200


def test_wrong_settings_end_the_start_with_one_sentence(serve, sqlite_url):
    server = serve("clerk", wait=False, DATABASE_URL=sqlite_url)
    assert server.process.wait(60) != 0
    assert "APP_ROLE is 'clerk'; it must be one of api, worker, admin, monitoring" in server.log()
    assert "Traceback" not in server.log()


def test_it_listens_on_the_pod_address_alone(hardy):
    server = hardy
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f"{server.port:04X}"
    found = [row[1] for row in listening if row[1].endswith(f":{port}") and row[3] == "0A"]
    assert found == [f"0100007F:{port}"]


def test_draining_worker_releases_the_lease_of_what_it_cannot_finish(serve, sqlite_url):
    hold = threading.Event()
    with receiving(lambda handler, _: hold.wait(30)) as receiver:
        allow = {"DATABASE_URL": sqlite_url, "WEBHOOK_ALLOW": "127.0.0.0/8", "GRACEFUL_TIMEOUT": 2}
        api = serve("api", DATABASE_URL=sqlite_url)
        worker = serve("worker", WORKER_LEASE_SECONDS=30, **allow)
        due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        made = api.call("POST", "/reminders", {"message": "m", "due_at": due, "webhook": receiver.url}).json
        wait_until(lambda: receiver.received, what="the call")
        assert worker.terminate() == 0
        # Given back, not left to run out: the lease of thirty seconds has hardly begun.
        assert api.get(f"/reminders/{made['id']}").json["status"] == "scheduled"
        hold.set()


def instrumentation(folder):
    """Stands in for what the operator of CloudWatch puts on the path: it notes which process began it."""
    package = folder / "opentelemetry" / "instrumentation" / "auto_instrumentation"
    package.mkdir(parents=True)
    for part in (package, package.parent, package.parent.parent):
        (part / "__init__.py").touch()
    begun = folder / "begun"
    (package / "sitecustomize.py").write_text(
        f"import os, pathlib\npathlib.Path({str(begun)!r}).write_text(str(os.getpid()))\n"
    )
    return begun


def test_tracing_that_a_cluster_brings_begins_in_the_worker(serve, sqlite_url, tmp_path):
    begun = instrumentation(tmp_path / "injected")
    where = {"DATABASE_URL": sqlite_url, "PYTHONPATH": tmp_path / "injected"}
    server = serve("api", **where, OTEL_AWS_PYTHON_DEFER_TO_WORKERS_ENABLED="true")
    assert begun.read_text() != str(server.process.pid)


def test_tracing_begins_nowhere_unless_it_is_asked_for(serve, sqlite_url, tmp_path):
    begun = instrumentation(tmp_path / "injected")
    serve("api", DATABASE_URL=sqlite_url, PYTHONPATH=tmp_path / "injected")
    assert not begun.exists()


def test_a_machine_that_brings_no_tracing_serves_without(serve, sqlite_url):
    server = serve("api", DATABASE_URL=sqlite_url, OTEL_AWS_PYTHON_DEFER_TO_WORKERS_ENABLED="true")
    assert server.get("/ready").status == 200
