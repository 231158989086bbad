import dataclasses

import pytest
from app_support import settings

from tomorrows.features import Features, FeaturesError, parse_features
from tomorrows.secrets_source import Secret, SecretUnreadable, read_secret
from tomorrows.settings import Role, SettingsError, Sibling


def test_defaults_are_a_bare_local_api():
    found = settings()
    assert (found.role, found.name, found.environment, found.port) == (
        Role.API,
        "my-tomorrows-api",
        "dev",
        5000,
    )
    assert found.database_url.current() == "sqlite:///./reminders.db"
    assert found.api_key.current() is None
    assert not found.needs_key


@pytest.mark.parametrize("role", list(Role))
def test_each_role_can_be_chosen(role):
    assert settings(APP_ROLE=role.value).role is role


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("APP_ROLE", "Api", "APP_ROLE is 'Api'; it must be one of api, worker, admin, monitoring"),
        ("PORT", "http", "PORT is 'http'; it must be a number"),
        ("PORT", "0", "PORT is 0; it must lie between 1 and 65535"),
        ("PORT", "80.5", "PORT is 80.5; it must be a whole number"),
        ("PORT", "nan", "PORT is nan; it must lie between 1 and 65535"),
        ("WORKER_LEASE_SECONDS", "31", "WORKER_LEASE_SECONDS is 31; it must lie between 1 and 30"),
        ("GRACEFUL_TIMEOUT", "inf", "GRACEFUL_TIMEOUT is inf; it must lie between 1 and 600"),
        ("MAX_IN_FLIGHT", "-1", "MAX_IN_FLIGHT is -1; it must lie between 1 and 10000"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL is 'LOUD'; it must be one of DEBUG, INFO, WARNING, ERROR"),
        (
            "UI_SSO_TRUSTED_PROXIES",
            "10.0.0.0/8, all",
            "UI_SSO_TRUSTED_PROXIES holds 'all'; it must be a network",
        ),
        (
            "WEBHOOK_ALLOW",
            "10.0.0.0/99",
            "WEBHOOK_ALLOW holds '10.0.0.0/99'; it must be a network, with no bits set beyond its prefix",
        ),
        (
            "WEBHOOK_ALLOW",
            "10.1.2.3/8",
            "WEBHOOK_ALLOW holds '10.1.2.3/8'; it must be a network, with no bits set beyond its prefix",
        ),
        ("SIBLINGS", "http://api", "SIBLINGS holds 'http://api'; it must be name=http://host:port"),
        ("SIBLINGS", "api=ftp://api:21", "SIBLINGS holds 'api=ftp://api:21'"),
        ("SIBLINGS", "api=http://api:99999", "SIBLINGS holds 'api=http://api:99999'"),
        ("FEATURES", "{", "FEATURES is not JSON"),
        ("FEATURES", "[]", "FEATURES must be a JSON object"),
        ("FEATURES", '{"webhooks": "no"}', 'FEATURES: webhooks must be true or false, not "no"'),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(name, value, sentence):
    with pytest.raises(SettingsError) as caught:
        settings(**{name: value})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_blank_values_mean_the_default():
    assert settings(PORT=" ", APP_ROLE="", LOG_LEVEL="", FEATURES=" ") == settings()


def test_level_is_read_in_any_case():
    assert settings(LOG_LEVEL="debug").log_level == "DEBUG"


def test_siblings_are_parsed():
    found = settings(
        SIBLINGS="api=http://127.0.0.1:8080, worker=http://my-tomorrows-worker,six=http://[::1]:81"
    )
    assert found.siblings == (
        Sibling("api", "127.0.0.1", 8080),
        Sibling("worker", "my-tomorrows-worker", 80),
        Sibling("six", "::1", 81),
    )


def test_only_prod_needs_the_key():
    assert settings(APP_ENVIRONMENT="prod").needs_key
    assert not settings(APP_ENVIRONMENT="staging").needs_key


def test_settings_never_show_a_secret():
    found = settings(API_KEY="hunter2", UI_PASSWORD="hunter2", DATABASE_URL="postgresql://u:hunter2@h/d")
    assert "hunter2" not in repr(found)


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings().port = 1


def test_features_keep_unknown_names_aside():
    assert parse_features('{"webhooks": false, "zebra": 1, "ant": true}') == (
        Features(webhooks=False),
        ("ant", "zebra"),
    )
    assert parse_features("") == (Features(), ())
    assert parse_features("null") == (Features(), ())
    with pytest.raises(FeaturesError):
        parse_features("true")


def test_a_secret_file_wins_and_is_read_at_each_use(tmp_path):
    file = tmp_path / "key"
    file.write_text("first\n")
    secret = read_secret({"API_KEY": "plain", "API_KEY_FILE": str(file)}, "API_KEY")
    assert secret.current() == "first"
    file.write_text("second")
    assert secret.current() == "second"


def test_an_empty_secret_is_none(tmp_path):
    file = tmp_path / "key"
    file.write_text("\n")
    assert read_secret({"API_KEY_FILE": str(file)}, "API_KEY").current() is None
    assert read_secret({"API_KEY": "  "}, "API_KEY").current() is None


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_unreadable_secret_names_setting_and_file(tmp_path, content):
    file = tmp_path / "absent"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SecretUnreadable) as caught:
        Secret("API_KEY", file=file).current()
    assert "API_KEY_FILE" in str(caught.value)
    assert str(file) in str(caught.value)
