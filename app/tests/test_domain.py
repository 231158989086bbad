import json
from datetime import UTC, datetime, timedelta

import pytest
from app_support import START
from hypothesis import given
from hypothesis import strategies as st

from tomorrows.back_off import CAP, delay
from tomorrows.domain import (
    FARTHEST,
    MAX_MESSAGE,
    OLDEST,
    Draft,
    instant,
    parse_draft,
    parse_instant,
    webhook_error,
)

GOOD = {"message": "milk", "due_at": "2026-11-24T09:00:00+01:00"}


def errors(**changes):
    found = parse_draft({**GOOD, **changes}, START)
    return {} if isinstance(found, Draft) else {error.field: error.message for error in found}


def test_a_draft_is_read_into_utc():
    draft = parse_draft({**GOOD, "webhook": "https://example.org/x"}, START)
    assert draft == Draft("milk", datetime(2026, 11, 24, 8, tzinfo=UTC), "https://example.org/x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z"),
        ("2026-11-24t09:00:00z", "2026-11-24T09:00:00Z"),
        ("2026-11-24 09:00:00+00:00", "2026-11-24T09:00:00Z"),
        ("2026-11-24T09:00:00.5-05:30", "2026-11-24T14:30:00.500000Z"),
        ("2026-11-24T09:00:00.123456789Z", "2026-11-24T09:00:00.123456Z"),
        ("2024-02-29T23:59:59+14:00", "2024-02-29T09:59:59Z"),
    ],
)
def test_instants_of_rfc_3339_are_read(text, expected):
    assert instant(parse_instant(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-11-24",
        "2026-11-24T09:00:00",
        "2026-11-24T09:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T09:00:61Z",
        "2026-11-24T09:00:00+25:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "２０２６-11-24T09:00:00Z",
        "2026-11-24T09:00:00Z\n",
        "2026-W48-2T09:00:00Z",
    ],
)
def test_anything_else_is_not_an_instant(text):
    assert parse_instant(text) is None


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (None, "required"),
        (1, "string"),
        ("", "empty"),
        (" \n", "empty"),
        ("a\x00b", "control"),
        ("\ud800", "surrogate"),
    ],
)
def test_bad_messages_are_named(message, word):
    assert word in errors(message=message)["message"]


def test_the_length_of_a_message_is_bounded_in_characters():
    assert not errors(message="é" * MAX_MESSAGE)
    assert not errors(message="🌍" * MAX_MESSAGE)
    assert (
        errors(message="x" * (MAX_MESSAGE + 1))["message"]
        == f"has {MAX_MESSAGE + 1} characters; 10000 are allowed"
    )


@pytest.mark.parametrize(
    "text", ["שלום", "مرحبا", "e\u0301", "\u202etxt", "👩‍👩‍👧", "line\nbreak\ttab", "<script>"]
)
def test_every_language_passes(text):
    assert not errors(message=text)


def test_due_times_are_bounded_on_both_sides():
    assert not errors(due_at=instant(START - OLDEST))
    assert "past" in errors(due_at=instant(START - OLDEST - timedelta(seconds=1)))["due_at"]
    assert not errors(due_at=instant(START + FARTHEST))
    assert "ahead" in errors(due_at=instant(START + FARTHEST + timedelta(seconds=1)))["due_at"]
    assert "zone" in errors(due_at="2026-11-24T09:00:00")["due_at"]
    assert "string" in errors(due_at=1764000000)["due_at"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org",
        "//example.org",
        "example.org/hook",
        "http://",
        "http://:80/",
        "http://user:pw@example.org/",
        "http://user@example.org/",
        "http://exa mple.org",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://[::1",
        "http://exämple.org/",
        "http://example.org\\@evil.example/",
        "http://example.org/\r\nX: y",
        "javascript:alert(1)",
        "http://example.org/" + "x" * 2048,
    ],
)
def test_malformed_webhooks_are_refused(url):
    assert webhook_error(url)


@pytest.mark.parametrize(
    "url", ["http://example.org", "https://example.org:8443/a?b=c#d", "http://[2001:db8::1]:8080/"]
)
def test_wellformed_webhooks_pass(url):
    assert webhook_error(url) == ""


def test_a_switched_off_webhook_is_named():
    (error,) = parse_draft({**GOOD, "webhook": "http://example.org"}, START, webhooks=False)
    assert (error.field, error.message) == ("webhook", "is switched off in this environment")


def test_unknown_fields_are_errors_and_every_error_is_told_at_once():
    found = parse_draft({"mesage": "x", "due_at": 5, "webhook": []}, START)
    assert {error.field for error in found} >= {"message", "due_at", "webhook", "mesage"}


def test_a_null_webhook_is_none():
    assert parse_draft({**GOOD, "webhook": None}, START).webhook is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    JSON | st.fixed_dictionaries({"message": JSON, "due_at": JSON | st.datetimes().map(str), "webhook": JSON})
)
def test_no_document_breaks_the_parser(document):
    found = parse_draft(document, START)
    assert isinstance(found, Draft) or (found and all(error.message for error in found))
    if not isinstance(found, Draft):
        json.dumps([error.field for error in found])


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1)))
def test_an_instant_survives_its_own_text(moment):
    assert parse_instant(instant(moment)) == moment.astimezone(UTC)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_back_off_grows_to_a_cap_and_never_vanishes(attempts, fraction):
    seconds = delay(attempts, fraction).total_seconds()
    assert 1.0 <= seconds <= CAP
    assert delay(attempts + 1, 0.0) >= delay(attempts, 0.0)


def test_back_off_begins_small():
    assert delay(1, 0.0) == timedelta(seconds=1)
    assert delay(1, 0.5) == timedelta(seconds=1.5)
    assert delay(4, 0.0) == timedelta(seconds=8)
