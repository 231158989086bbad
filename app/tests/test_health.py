"""The four endpoints in each role."""

import json
import logging

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tomorrows.health import schema_reason
from tomorrows.logs import JsonFormatter, request_id
from tomorrows.runtime import Background
from tomorrows.settings import Role
from tomorrows.storage.tables import SCHEMA

ROLES = [role.value for role in Role]


def samples(client):
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.values())] = sample.value
    return found


@pytest.mark.parametrize("role", ROLES)
def test_health_is_exactly_this_in_every_role(make_client, sqlite_url, role):
    answer = make_client(sqlite_url, APP_ROLE=role).get("/health")
    assert (answer.status_code, answer.text, answer.mimetype) == (
        200,
        '{"status":"healthy"}',
        "application/json",
    )


@pytest.mark.parametrize("role", ROLES)
def test_health_needs_nothing(make_client, role):
    client = make_client("sqlite:////nonexistent/r.db", APP_ROLE=role, APP_ENVIRONMENT="prod")
    assert client.get("/health").json == {"status": "healthy"}


@pytest.mark.parametrize("role", ["api", "admin", "monitoring"])
def test_ready_startup_and_metrics_answer(make_client, database_url, role):
    client = make_client(database_url, APP_ROLE=role)
    assert client.get("/ready").json == {"status": "ready", "reasons": []}
    assert client.get("/startup").json == {"status": "started"}
    assert client.get("/metrics").mimetype == "text/plain"


@pytest.mark.parametrize("role", ROLES)
def test_draining_is_unready_but_healthy(make_client, sqlite_url, role):
    client = make_client(sqlite_url, APP_ROLE=role)
    client.runtime.draining.set()
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "draining: this process was told to stop" in answer.json["reasons"]
    assert answer.headers["Retry-After"]
    assert client.get("/health").status_code == 200


def test_the_worker_says_when_its_loop_does_not_run(make_client, sqlite_url):
    client = make_client(sqlite_url, APP_ROLE="worker")
    assert client.get("/ready").json["reasons"] == ["the delivery loop does not run"]
    assert client.get("/startup").status_code == 503


@pytest.mark.parametrize("role", ["worker", "monitoring", "admin"])
def test_only_the_api_has_the_api(make_client, sqlite_url, role):
    assert make_client(sqlite_url, APP_ROLE=role).get("/reminders").status_code == 404


def test_the_schema_is_judged():
    assert schema_reason(SCHEMA) is None
    assert schema_reason("9999") is None
    assert "python -m tomorrows.migrate" in schema_reason("0000")
    assert "python -m tomorrows.migrate" in schema_reason(None)


def test_requests_are_counted_by_route_not_by_path(make_client, sqlite_url):
    client = make_client(sqlite_url)
    for path in ("/reminders/x", "/reminders/y", "/nothing/1", "/nothing/2"):
        client.get(path)
    client.open("/reminders", method="BREW")
    found = samples(client)
    assert found["tomorrows_http_requests_total", "/reminders/<reminder_id>", "404", "GET"] == 2
    assert found["tomorrows_http_requests_total", "(none)", "404", "GET"] == 2
    assert found["tomorrows_http_requests_total", "(none)", "405", "OTHER"] == 1
    assert found["tomorrows_http_in_flight",] == 1  # the request that asks


def test_the_backlog_is_published_and_unknown_is_not_zero(make_client, sqlite_url):
    client = make_client(sqlite_url)
    client.post("/reminders", json={"message": "m", "due_at": "2026-11-23T11:59:00Z"})
    found = samples(client)
    assert found["tomorrows_backlog_waiting",] == found["tomorrows_backlog_due",] == 1
    assert found["tomorrows_backlog_oldest_seconds",] == 60
    assert found["tomorrows_database_up",] == 1
    gone = samples(make_client("sqlite:////nonexistent/r.db"))
    assert gone["tomorrows_database_up",] == 0
    assert gone["tomorrows_backlog_waiting",] != gone["tomorrows_backlog_waiting",]


def test_a_background_does_nothing_by_default():
    background = Background()
    background.start()
    background.stop(1)
    assert background.problem() is None
    assert background.started()


def test_a_log_line_is_json_with_its_request_id():
    formatter = JsonFormatter("shop", "api")
    record = logging.LogRecord("tomorrows.x", logging.WARNING, "f", 1, "line\n%s", ("two",), None)
    record.fields = {"reminder_id": "1", "text": 'quote " and \u2028'}
    token = request_id.set("r-1")
    try:
        text = formatter.format(record)
    finally:
        request_id.reset(token)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["application"], line["role"], line["level"], line["event"]) == (
        "shop",
        "api",
        "warning",
        "line\ntwo",
    )
    assert (line["request_id"], line["reminder_id"]) == ("r-1", "1")


def test_an_exception_is_logged_in_one_line():
    try:
        raise ValueError("x")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "broke", (), (ValueError, error, error.__traceback__)
        )
    text = JsonFormatter("a", "b").format(record)
    assert "\n" not in text
    assert "ValueError: x" in json.loads(text)["exception"]


def test_unknown_features_are_logged(make_client, sqlite_url, capsys):
    make_client(sqlite_url, FEATURES='{"wings": true}')
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["event"], line["names"]) == ("features.unknown", ["wings"])
