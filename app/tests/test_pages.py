"""The pages: guarded, escaped, strict, and honest about gaps."""

import base64
import math
from datetime import timedelta

import pytest
from app_support import START

from tomorrows.domain import Draft
from tomorrows.monitoring.pages import Watch
from tomorrows.monitoring.scrape import Observation, Readings, observe, rate, read_metrics, read_reasons
from tomorrows.outbound.breakers import Breakers
from tomorrows.outbound.http import Answer, ExchangeFailed
from tomorrows.settings import Sibling
from tomorrows.storage import reminders

LOGIN = {"Authorization": "Basic " + base64.b64encode(b"me:pw").decode()}
EVIL = "<script>alert('x')</script>\"'&"


@pytest.fixture
def admin(make_client, database_url):
    return make_client(database_url, APP_ROLE="admin", UI_PASSWORD="pw")


def put(client, message, *, webhook=None, due=START):
    runtime = client.runtime
    with runtime.database.writing() as connection:
        return reminders.insert_reminder(connection, runtime.new_id(), Draft(message, due, webhook), START)


def show(client, path="/", status=200):
    answer = client.get(path, headers=LOGIN)
    assert answer.status_code == status
    return answer.text


@pytest.mark.parametrize("role", ["admin", "monitoring"])
def test_no_page_without_a_password_configured(make_client, sqlite_url, role):
    client = make_client(sqlite_url, APP_ROLE=role)
    for path in ("/", "/static/style.css"):
        answer = client.get(path, headers=LOGIN)
        assert answer.status_code == 403
        assert "UI_PASSWORD" in answer.text


@pytest.mark.parametrize("role", ["admin", "monitoring"])
def test_pages_are_strict(make_client, sqlite_url, role):
    client = make_client(sqlite_url, APP_ROLE=role, UI_PASSWORD="pw")
    assert client.get("/").status_code == 401
    answer = client.get("/", headers=LOGIN)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for forbidden in ("<script", "style=", "onclick", "http://", "https://"):
        assert forbidden not in answer.text
    assert 'name="viewport"' in answer.text
    style = client.get("/static/style.css", headers=LOGIN)
    assert style.status_code == 200
    assert "prefers-color-scheme: dark" in style.text


def test_everything_is_escaped(admin):
    put(admin, EVIL, webhook="https://example.org/?<b>")
    text = show(admin, "/?q=" + "%3Cscript%3E")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<b>" not in text


def test_reminders_are_listed_searched_and_filtered(admin):
    put(admin, "buy milk")
    put(admin, "call ann")
    assert "buy milk" in show(admin)
    found = show(admin, "/?q=ANN")
    assert "call ann" in found
    assert "buy milk" not in found
    assert "No reminder matches." in show(admin, "/?status=failed")
    assert "buy milk" in show(admin, "/?status=nonsense")
    assert "scheduled (2)" in show(admin)


def test_pages_follow_each_other(admin):
    for number in range(60):
        put(admin, f"number-{number:02}", due=START + timedelta(seconds=number))
    seen, path, pages = set(), "/?q=number", 0
    while path:
        text = show(admin, path)
        seen |= {number for number in range(60) if f"number-{number:02}" in text}
        path = text.split('href="/?')[1].split('"')[0].replace("&amp;", "&") if 'rel="next"' in text else None
        path = path and "/?" + path
        pages += 1
    assert seen == set(range(60))
    assert pages == 3


def test_a_foreign_cursor_says_so(admin):
    assert "start again" in show(admin, "/?cursor=x", 400)


def test_odd_searches_do_no_harm(admin):
    put(admin, "plain")
    for query in ("%00", "%25", "_" * 500, "%F0%9F%8C%8D", "%ff", "'%3B--"):
        show(admin, f"/?q={query}")


def test_the_search_can_be_switched_off(make_client, sqlite_url):
    client = make_client(sqlite_url, APP_ROLE="admin", UI_PASSWORD="pw", FEATURES='{"admin_search": false}')
    put(client, "plain")
    text = show(client, "/?q=nothing")
    assert "plain" in text
    assert "search" not in text.replace('role="search"', "")


# --- monitoring ---

API = Sibling("api", "127.0.0.1", 1)
METRICS = b"""
process_start_time_seconds 900
tomorrows_http_requests_total{method="GET",route="/reminders",status="200"} 40
tomorrows_http_requests_total{method="GET",route="/reminders",status="503"} 2
tomorrows_http_requests_total{method="GET",route="/health",status="200"} 999
tomorrows_backlog_waiting 7
tomorrows_backlog_due NaN
tomorrows_deliveries_total{channel="log",outcome="delivered"} 3
tomorrows_deliveries_total{channel="log",outcome="retry"} 5
"""


def test_metrics_are_read_without_probes_and_nan_is_unknown():
    found = read_metrics(METRICS, 1000.0)
    assert found == Readings(
        1000.0, 42.0, 2.0, waiting=7.0, due=None, oldest_seconds=None, delivered=3.0, started_at=900.0
    )


@pytest.mark.parametrize("body", [b"\xff", b"{", b"a{b} c d e", b'tomorrows_http_requests_total{x="1"} 1\n'])
def test_unreadable_metrics_are_none(body):
    assert read_metrics(body, 1.0) is None


def test_rates_are_taken_between_readings_or_since_the_start():
    first, second = Readings(100.0, 50.0, started_at=0.0), Readings(110.0, 80.0, started_at=0.0)
    assert rate(first, second) == 3.0
    assert rate(None, second) == pytest.approx(80 / 110)
    restarted = Readings(120.0, 10.0, started_at=115.0)
    assert rate(second, restarted) == 2.0
    assert rate(None, Readings(1.0, 1.0)) is None
    assert rate(second, second) == pytest.approx(80 / 110)


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (Answer(200, None, b"junk"), ()),
        (Answer(503, None, b'{"reasons": ["database: down"]}'), ("database: down",)),
        (Answer(503, None, b"<html>"), ("/ready answered 503",)),
        (Answer(503, None, b"[]"), ("/ready answered 503",)),
        (Answer(503, None, b'{"reasons": "x"}'), ()),
        (Answer(503, None, b'{"reasons": [1,2,3,4,5,6,7]}'), ("1", "2", "3", "4", "5")),
    ],
)
def test_reasons_are_read(answer, reasons):
    assert read_reasons(answer) == reasons


def answering(ready=200):
    return lambda call: (
        Answer(ready, None, b'{"reasons": ["tired"]}')
        if call.url.endswith("/ready")
        else Answer(200, None, METRICS)
    )


def test_a_sibling_is_observed():
    found = observe(API, Breakers(), clock=lambda: 1000.0, send=answering())
    assert (found.ready, found.reasons, found.readings.requests) == (True, (), 42.0)
    assert observe(API, Breakers(), send=answering(503)).reasons == ("tired",)


def test_a_silent_sibling_is_unknown_and_then_left_alone():
    asked = []

    def silent(call):
        asked.append(call.url)
        raise ExchangeFailed("127.0.0.1:1 failed: Connection refused")

    breakers = Breakers(fail_max=2, reset_seconds=60)
    found = [observe(API, breakers, send=silent) for _ in range(4)]
    assert all(each.ready is None and each.readings is None for each in found)
    assert "Connection refused" in found[0].reasons[0]
    assert "asked again" in found[-1].reasons[0]
    assert len(asked) == 4  # two observations of two attempts each


def test_the_watch_shows_rows_in_order_and_remembers():
    other = Sibling("worker", "127.0.0.1", 2)
    times = iter([100.0, 110.0])

    def look(sibling, _):
        if sibling is other:
            return Observation(other, None, ("no",), None)
        at = next(times)
        return Observation(API, True, (), Readings(at, requests=at * 2, started_at=0.0))

    watch = Watch((API, other), look)
    assert [row.observation.sibling.name for row in watch.rows()] == ["api", "worker"]
    rows = watch.rows()
    assert rows[0].rate == 2.0
    assert rows[1].rate is None


def test_the_page_without_siblings_says_what_to_set(make_client, sqlite_url):
    client = make_client(sqlite_url, APP_ROLE="monitoring", UI_PASSWORD="pw")
    assert "set SIBLINGS" in show(client)


def test_hostile_reasons_are_escaped(make_client, sqlite_url, monkeypatch):
    evil = Observation(Sibling(EVIL, "h", 1), False, (EVIL,), Readings(1.0, oldest_seconds=math.inf))
    monkeypatch.setattr("tomorrows.monitoring.pages.Watch.rows", lambda self: [self._row(evil)])
    client = make_client(sqlite_url, APP_ROLE="monitoring", UI_PASSWORD="pw")
    assert "<script" not in show(client)
