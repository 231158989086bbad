"""README.md's table of what still works when something is down: each row is the test of its name."""

import re
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from app_support import APP, START, free_port, receiving, wait_until

from tomorrows.domain import Draft, Status
from tomorrows.outbound.breakers import Breakers
from tomorrows.outbound.http import ExchangeFailed
from tomorrows.outbound.webhook import Outcome, Result, WebhookCaller
from tomorrows.storage import jobs, reminders
from tomorrows.storage.database import DatabaseUnavailable
from tomorrows.worker.loop import DeliveryLoop

DOWN = "sqlite:////nonexistent/reminders.db"
GOOD = {"message": "milk", "due_at": "2026-11-24T09:00:00Z"}


def rows_of_the_table():
    text = (APP / "README.md").read_text().split("## What still works")[1].split("\n## ")[0]
    return re.findall(r"^\| ([a-z-]+) \|", text, re.MULTILINE)


def test_every_row_has_its_test_and_every_test_its_row():
    tests = {
        name.removeprefix("test_row_").replace("_", "-") for name in globals() if name.startswith("test_row_")
    }
    assert sorted(rows_of_the_table()) == sorted(tests)


class Place:
    """A database URL in a file, which a test can point to nowhere and back."""

    def __init__(self, file, url):
        self.file, self.url = file, url
        self.up()

    def up(self):
        self.file.write_text(self.url)

    def down(self, runtime):
        self.file.write_text(DOWN)
        runtime.database.dispose()


@pytest.fixture
def place(tmp_path, sqlite_url):
    return Place(tmp_path / "url", sqlite_url)


def put(runtime, webhook="https://example.org/"):
    with runtime.database.writing() as connection:
        return reminders.insert_reminder(connection, runtime.new_id(), Draft("milk", START, webhook), START)


def find(runtime, reminder):
    with runtime.database.reading() as connection:
        return reminders.find(connection, reminder.id)


@contextmanager
def looping(runtime, deliver):
    class Caller:
        pass

    caller = Caller()
    caller.deliver = deliver
    loop = DeliveryLoop(runtime, caller)
    loop.start()
    try:
        yield loop
    finally:
        loop.stop(3)


@contextmanager
def silent_server():
    """Accepts, and never answers: what a frozen process looks like."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


def test_row_api_database(make_client, place):
    client = make_client("", DATABASE_URL_FILE=place.file)
    assert client.get("/reminders").status_code == 200
    place.down(client.runtime)
    for _ in range(8):  # beyond the fifth failure the circuit is open
        answer = client.post("/reminders", json=GOOD)
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert answer.headers["Retry-After"]
    assert "failed repeatedly" in answer.text
    assert client.get("/health").status_code == 200
    ready = client.get("/ready")
    assert ready.status_code == 503
    assert ready.json["reasons"][0].startswith("database: ")
    place.up()
    wait_until(lambda: client.get("/ready").status_code == 200, 10, "recovery")
    assert client.post("/reminders", json=GOOD).status_code == 201


def test_row_api_frozen_database(make_client, postgres, monkeypatch):
    monkeypatch.setattr("tomorrows.storage.database.PING_SECONDS", 0.5)
    monkeypatch.setattr("tomorrows.storage.database.OPEN_SECONDS", 1.0)
    monkeypatch.setattr("tomorrows.storage.urls.CONNECT_SECONDS", 2)
    client = make_client(postgres.url(postgres.database("migrated")))
    assert client.post("/reminders", json=GOOD).status_code == 201
    threads_before = threading.active_count()
    postgres.freeze()
    try:
        assert client.get("/reminders").status_code == 503
        assert client.get("/health").status_code == 200
    finally:
        postgres.thaw()
    wait_until(lambda: client.get("/ready").status_code == 200, 20, "recovery")
    assert threading.active_count() <= threads_before + 1


def test_row_api_key_missing(make_client, sqlite_url, tmp_path):
    file = tmp_path / "key"
    file.write_text("")
    client = make_client(sqlite_url, APP_ENVIRONMENT="prod", API_KEY_FILE=file)
    ready = client.get("/ready")
    assert ready.status_code == 503
    assert "API_KEY" in ready.json["reasons"][0]
    for method, path in (
        ("get", "/reminders"),
        ("post", "/reminders"),
        ("get", "/reminders/x"),
        ("delete", "/reminders/x"),
    ):
        answer = getattr(client, method)(path, headers={"X-API-Key": ""})
        assert answer.status_code == 503
        assert "API_KEY" in answer.text
    assert client.get("/health").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    file.write_text("now")
    assert client.get("/ready").status_code == 200
    assert client.get("/reminders", headers={"X-API-Key": "now"}).status_code == 200


def test_row_api_schema_old(make_client, empty_url):
    client = make_client(empty_url)
    ready = client.get("/ready")
    assert ready.status_code == 503
    assert "python -m tomorrows.migrate" in ready.json["reasons"][0]
    assert client.get("/health").status_code == 200
    answer = client.get("/reminders")
    assert answer.status_code in (500, 503)
    assert answer.mimetype == "application/problem+json"


def test_row_worker_database(make_client, place):
    client = make_client("", APP_ROLE="worker", DATABASE_URL_FILE=place.file)
    loop, runtime = client.application.extensions["tomorrows.background"], client.runtime
    made = put(runtime, webhook=None)
    place.down(runtime)
    loop.start()
    try:
        wait_until(loop.started, what="the first look")
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        place.up()
        wait_until(lambda: client.get("/ready").status_code == 200, 10, "recovery")
        wait_until(lambda: find(runtime, made).status is Status.DELIVERED, 10, "delivery")
    finally:
        loop.stop(3)


def test_row_worker_database_midway(make_runtime, place, clock):
    runtime = make_runtime("", APP_ROLE="worker", DATABASE_URL_FILE=place.file, WORKER_LEASE_SECONDS=1)
    made, keys, lost = put(runtime), [], threading.Event()

    def deliver(url, headers, body):
        keys.append(headers["Idempotency-Key"])
        if len(keys) == 1:
            place.down(runtime)
            lost.set()
        return Result(Outcome.DELIVERED)

    def delivered():
        clock.advance(seconds=1)  # leases end by this clock
        try:
            return find(runtime, made).status is Status.DELIVERED
        except DatabaseUnavailable:
            return False  # the circuit closes in its own time

    with looping(runtime, deliver) as loop:
        assert lost.wait(100)
        wait_until(lambda: not loop._held.all(), 15, "the lease counting as lost")
        place.up()
        wait_until(delivered, 20, "the repeat and its record")
    assert len(keys) >= 2
    assert len(set(keys)) == 1


def test_row_worker_lease_stolen(make_runtime, database_url):
    runtime = make_runtime(database_url, APP_ROLE="worker")
    made = put(runtime)

    def deliver(url, headers, body):
        with runtime.database.writing() as connection:  # another worker, after this lease ran out
            later = START + timedelta(seconds=60)
            assert jobs.claim(
                connection, owner="o", token="o", now=later, life=timedelta(seconds=30), limit=1
            )
        return Result(Outcome.DELIVERED)

    def lost():
        return runtime.metrics.leases_lost._value.get() == 1

    with looping(runtime, deliver):
        wait_until(lost, 10, "the loss being noticed")
    assert find(runtime, made).status is Status.DELIVERING
    assert find(runtime, made).attempts == 0


def test_row_worker_webhook_failing(make_runtime, database_url, clock):
    runtime = make_runtime(database_url, APP_ROLE="worker", WORKER_MAX_ATTEMPTS=2)
    bad, good = put(runtime, "https://bad.example/"), put(runtime, "https://good.example/")

    def deliver(url, headers, body):
        return (
            Result(Outcome.RETRY, "the webhook answered 500") if "bad" in url else Result(Outcome.DELIVERED)
        )

    with looping(runtime, deliver):
        wait_until(lambda: find(runtime, good).status is Status.DELIVERED, what="the good one")
        wait_until(lambda: find(runtime, bad).attempts == 1, what="the first attempt")
        assert find(runtime, bad).last_error == "the webhook answered 500"
        clock.advance(seconds=10)
        wait_until(lambda: find(runtime, bad).status is Status.FAILED, what="failing")


def test_row_worker_webhook_closed(make_runtime, sqlite_url, clock):
    """In a rolling update the worker of the revision before goes on for preStopSeconds, and claims."""
    old = make_runtime(sqlite_url, APP_ROLE="worker")
    new = make_runtime(sqlite_url, APP_ROLE="worker", WEBHOOK_ALLOW="127.0.0.0/8")
    with receiving() as receiver:
        made = put(old, f"{receiver.url}/x")
        with looping(old, WebhookCaller(old.settings.webhook_allow).deliver):
            wait_until(lambda: find(old, made).last_error, what="the old worker's try")
        assert find(old, made).status is Status.SCHEDULED
        assert not receiver.received
        clock.advance(seconds=10)
        with looping(new, WebhookCaller(new.settings.webhook_allow).deliver):
            wait_until(lambda: find(new, made).status is Status.DELIVERED, what="delivery")
        assert len(receiver.received) == 1


def test_row_worker_webhook_circuit(make_runtime, sqlite_url, clock):
    calls = []

    def send(call):
        calls.append(call)
        raise ExchangeFailed("down.example:443 failed: Connection refused")

    import ipaddress

    public = ipaddress.ip_address("93.184.216.34")
    runtime = make_runtime(sqlite_url, APP_ROLE="worker", WORKER_CONCURRENCY=1)
    made = [put(runtime, "https://down.example/") for _ in range(8)]
    breakers = Breakers(fail_max=5, reset_seconds=60)
    caller = WebhookCaller(runtime.settings.webhook_allow, breakers, lambda host, port: [public], send)
    with looping(runtime, caller.deliver):
        wait_until(lambda: all(find(runtime, each).last_error for each in made), what="every attempt")
    attempts = sorted(find(runtime, each).attempts for each in made)
    assert attempts == [0, 0, 0, 1, 1, 1, 1, 1]
    assert len(calls) == 5
    assert {find(runtime, each).status for each in made} == {Status.SCHEDULED}


def test_row_admin_database(make_client, place):
    client = make_client("", APP_ROLE="admin", DATABASE_URL_FILE=place.file, UI_PASSWORD="pw")
    place.down(client.runtime)
    answer = client.get("/", auth=("x", "pw"))
    assert answer.status_code == 503
    assert "The reminders cannot be shown now" in answer.text
    assert answer.headers["Retry-After"]
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 503
    place.up()
    wait_until(lambda: client.get("/", auth=("x", "pw")).status_code == 200, 10, "recovery")


def watching(make_client, *ports):
    siblings = ",".join(f"sibling{number}=http://127.0.0.1:{port}" for number, port in enumerate(ports))
    return make_client(DOWN, APP_ROLE="monitoring", UI_PASSWORD="pw", SIBLINGS=siblings)


def test_row_monitoring_sibling(make_client):
    def answer(handler, received):
        handler.answer(200, b"tomorrows_backlog_waiting 41.5\n" if received.path == "/metrics" else b"{}")

    with receiving(answer) as healthy:
        client = watching(make_client, free_port(), healthy.port)
        text = client.get("/", auth=("x", "pw")).text
        gone, fine = text.split("<tbody>")[1].split("</tr>")[:2]
        assert "no answer" in gone
        assert gone.count("unknown") >= 6
        assert not re.search(r">0[ /<s]", gone)
        assert "ready" in fine
        assert "41.5" in fine
        assert client.get("/ready").status_code == 200


def test_row_monitoring_hanging_sibling(make_client):
    with silent_server() as port:
        client = watching(make_client, port)
        answer = client.get("/", auth=("x", "pw"))
        assert answer.status_code == 200
        assert "did not answer in 1.5 s" in answer.text


def test_row_secret_unreadable(make_client, sqlite_url, tmp_path):
    file = tmp_path / "key"
    client = make_client(sqlite_url, API_KEY_FILE=file)
    answer = client.get("/reminders", headers={"X-API-Key": "k"})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "API_KEY_FILE" in answer.text
    assert str(file) in answer.text
    file.write_text("k")
    assert client.get("/reminders", headers={"X-API-Key": "k"}).status_code == 200
