"""Nothing that has the form of a credential is shown, whatever the setting is called."""

import json

import pytest

from flaskship.chart.masking import is_secret_name, shown, shown_values, without_credentials
from flaskship.policy.secrecy import is_named_secret

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
        ("https://hooks.slack.com/services/T00000000/B00000000/hunter2hunter2", "hunter2"),
        ("https://discord.com/api/webhooks/1234567890/hunter2hunter2", "hunter2"),
        ("[mail]\nhost = mail\npassword = hunter2 and more\n", "hunter2"),
        ("[mail]\nhost = mail\npassword = hunter2 and more\n", "more"),
        ("spring:\n  password: hunter2", "hunter2"),
        ("spring.mail.password: hunter2", "hunter2"),
        ("--smtp-pass=hunter2", "hunter2"),
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
        "https://hooks.slack.com/",
        "a = 1\npassword = ${PASSWORD}\n",
        "webhooks: 3",
        '{"quick": true, "old": 1}',
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


@pytest.mark.parametrize(
    "name",
    ["SMTP_PASS", "smtpPass", "MY_PWD", "PGPASS", "SLACK_WEBHOOK", "SLACK_WEBHOOK_URL", "PASS", "SENTRY_DSN",
     "AWS_ACCESS_KEY", "BASIC_AUTH", "PASSPHRASE"],
)  # fmt: skip
def test_the_rule_that_finds_secrets_and_the_mask_know_the_same_names(name: str) -> None:
    assert is_secret_name(name)
    assert shown({name: "hunter2", "env": [{"name": name, "value": "hunter2"}]}) == {
        name: "***",
        "env": [{"name": name, "value": "***"}],
    }
    assert is_named_secret(name) or name.lower().endswith("url")


@pytest.mark.parametrize("name", ["AUTHOR", "webhooks", "PASSTHROUGH_PATH", "COMPASS_NEEDLE", "LOG_LEVEL"])
def test_names_that_only_sound_like_it_are_shown(name: str) -> None:
    assert shown({name: "text"}) == {name: "text"}


def test_what_kubectl_noted_of_a_secret_is_not_shown() -> None:
    noted = json.dumps({"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"plain": "hunter2"}})
    notes = {"kubectl.kubernetes.io/last-applied-configuration": noted}
    for kind in ("Secret", "ConfigMap"):
        found = shown_values({"extraObjects": [{"kind": kind, "metadata": {"annotations": notes}}]})
        assert "hunter2" not in str(found)
        assert '"plain": "***"' in str(found)


def test_of_objects_among_the_values_neither_bytes_nor_settings_files_are_shown() -> None:
    one = {
        "kind": "ConfigMap",
        "binaryData": {"a": "aHVudGVyMg=="},
        "data": {"app.ini": "password = hunter2"},
    }
    found = shown_values({"extraObjects": [one]})["extraObjects"][0]
    assert found["binaryData"] == {"a": "***"}
    assert found["data"] == {"app.ini": "password = ***"}


def test_a_part_of_an_object_whose_kind_another_assignment_says_is_taken_for_a_secret() -> None:
    assert shown_values({"extraObjects": [{"data": {"a": "aHVudGVyMg=="}}]})["extraObjects"] == [
        {"data": {"a": "***"}}
    ]
