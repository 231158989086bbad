"""Which value a key gets, by its name."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskship.engines.local.resolve.secret_rules import (
    _CERTIFICATE,
    _DATABASE,
    _OTHER_STORES,
    _PLACE,
    _THIRD_PARTIES,
    STAND_INS,
    Source,
    source_of,
    stand_in,
    words_of,
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("database-url", ("database", "url")),
        ("DATABASE_URL", ("database", "url")),
        ("databaseUrl", ("database", "url")),
        ("s3.bucket", ("s3", "bucket")),
        ("tls.key", ("tls", "key")),
        ("", ()),
    ],
)
def test_words(name, words):
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("secret", "key", "source"),
    [
        ("database-secret", "database-url", Source.DATABASE_URL),
        ("database-secret", "url", Source.DATABASE_URL),
        ("app-secrets", "DATABASE_URL", Source.DATABASE_URL),
        ("app-secrets", "db-dsn", Source.DATABASE_URL),
        ("app-secrets", "SQLALCHEMY_DATABASE_URI", Source.DATABASE_URL),
        ("pg", "uri", Source.DATABASE_URL),
        ("database-secret", "username", Source.STAND_IN),
        ("database-secret", "host", Source.STAND_IN),
        ("database-secret", "port", Source.STAND_IN),
        ("app-secrets", "db-host", Source.STAND_IN),
        ("database-secret", "password", Source.RANDOM),
        ("app-secrets", "api-key", Source.RANDOM),
        ("app-secrets", "session-secret", Source.RANDOM),
        ("app-secrets", "ui-password", Source.RANDOM),
        ("app-secrets", "webhook-secret", Source.RANDOM),
        ("app-secrets", "redis-password", Source.RANDOM),
        ("app-secrets", "SMTP_PASSWORD", Source.THIRD_PARTY),
        ("smtp-credentials", "password", Source.THIRD_PARTY),
        ("app-secrets", "sentry-dsn", Source.THIRD_PARTY),
        ("app-secrets", "STRIPE_API_KEY", Source.THIRD_PARTY),
        ("app-secrets", "AWS_SECRET_ACCESS_KEY", Source.THIRD_PARTY),
        ("app-secrets", "slack-webhook-url", Source.THIRD_PARTY),
        ("app-secrets", "github-token", Source.THIRD_PARTY),
        ("app-secrets", "redis-url", Source.ADDRESS),
        ("database-secret", "redis-url", Source.ADDRESS),
        ("app-secrets", "webhook-url", Source.ADDRESS),
        ("app-secrets", "endpoint", Source.ADDRESS),
        ("web-tls", "tls.crt", Source.CERTIFICATE),
        ("web-tls", "tls.key", Source.CERTIFICATE),
        ("app-secrets", "ca.pem", Source.CERTIFICATE),
    ],
)
def test_sources(secret, key, source):
    assert source_of(secret, key) is source


def test_only_a_person_can_fill_what_is_elsewhere():
    assert {source for source in Source if source.by_hand} == {
        Source.THIRD_PARTY,
        Source.ADDRESS,
        Source.CERTIFICATE,
    }


def test_stand_ins_may_be_others():
    assert source_of("database-secret", "region", {"region": "here"}) is Source.STAND_IN
    assert stand_in("db_region", {"region": "here"}) == "here"
    assert stand_in("host") == STAND_INS["host"]
    assert stand_in("-") is None


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_every_name_has_an_answer_and_every_stand_in_a_value(secret, key):
    source = source_of(secret, key)
    assert source is not Source.STAND_IN or stand_in(key) is not None


def test_the_document_names_every_word_that_decides():
    page = (Path(__file__).parents[5] / "docs/reference/secrets-on-this-machine.md").read_text(
        encoding="utf-8"
    )
    words = _THIRD_PARTIES | _DATABASE | _OTHER_STORES | _PLACE | _CERTIFICATE | set(STAND_INS)
    named = set(re.findall(r"[a-z0-9]+", page))
    assert sorted(words - named) == []
