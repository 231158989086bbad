"""Nothing that has the form of a credential is shown, whatever the setting is called."""

import pytest

from flaskship.chart.masking import shown, shown_values, without_credentials

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"
AWS = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://me:hunter2@db/x", "hunter2"),
        ("postgresql://me:hun/ter2@db/x", "ter2"),
        ("amqp://me:p%40ss@a,amqp://me:other9@b", "other9"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("https://hunter2@github.com/x", "hunter2"),
        ("host=db user=me password=hunter2 port=5432", "hunter2"),
        ("https://api.example.com/?api_key=hunter2&x=1", "hunter2"),
        ("--db-password=hunter2", "hunter2"),
        ('{"password": "hunter2", "a": 1}', "hunter2"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        (AWS, "bPxRfiCY"),
        (f"key {AWS} end", "bPxRfiCY"),
        (KEY, "MIIEow"),
        (KEY.partition("-----END")[0], "IBAAK"),
        (f"before\n{KEY}\nafter", "MIIEow"),
        ("ghp_0123456789abcdefghij0123456789abcdef", "0123456789"),
        ("xoxb-123456789012-abcdef", "123456789012"),
        ("sk_live_0123456789abcdef", "0123456789"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "c2lnbmF0"),
        ("Authorization: Bearer abc123def456", "abc123def456"),
        ("Basic bWU6aHVudGVyMg==", "bWU6aHVudGVyMg"),
    ],
)
def test_a_credential_is_not_shown_under_a_harmless_name(text: str, secret: str) -> None:
    for value in (text, {"env": {"HARMLESS": text}}, [text], {"env": [{"name": "X", "value": text}]}):
        assert secret not in str(shown(value))
        assert "***" in str(shown(value))


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/@scope/package",
        "http://till:80/pay?mail=a@example.com",
        "https://example.com:8080/@scope",
        "me@example.com",
        "cloudandparth/my-demo-app@sha256:" + "0123456789abcdef" * 4,
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:database-AbCdEf",
        "secrets.provider=existing",
        "secretName=app-secrets",
        "DATABASE_URL_FILE=/run/secrets/database-url",
        "password=$(PASSWORD)",
        "Basic authentication of users",
        "the token is asked for",
        'postgresql+psycopg://{{ index . "a" }}/x',
        "512Mi",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert without_credentials(text) == text


def test_what_follows_the_option_of_a_secret_is_not_shown() -> None:
    assert shown(["--db-password", "hunter2", "--port", "80"]) == ["--db-password", "***", "--port", "80"]
    assert shown(["--password-file", "/run/x"]) == ["--password-file", "/run/x"]


def test_names_and_keys_of_secrets_that_somebody_else_makes_are_no_secrets() -> None:
    given = {
        "secrets": {"existing": {"app-secrets": ["database-url"], "x": "hunter2"}, "generated": {"a": "b"}}
    }
    found = shown_values(given)["secrets"]
    assert found["existing"]["app-secrets"] == ["database-url"]
    assert found["generated"] == {"a": "***"}
