"""Hosts in values: what is replaced, what is left, what is a finding."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskship.engines.local.resolve import ServiceAddress
from flaskship.engines.local.resolve.hosts import ServiceHosts, is_identity

SERVICES = (
    ServiceAddress("api", "shop", "127.9.0.1", {80: 8080, 9090: 9091}),
    ServiceAddress("db", "shop", "127.9.0.9", {5432: 5432}),
    ServiceAddress("cache", "shop", "127.9.0.8", {1234: 4321}),
    ServiceAddress("away", "other", "127.9.0.7", {80: 8080}),
)
HOSTS = ServiceHosts(SERVICES, "shop")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://api", "http://127.9.0.1:8080"),
        ("http://api/", "http://127.9.0.1:8080/"),
        ("http://api/x?y=api", "http://127.9.0.1:8080/x?y=api"),
        ("http://api:80", "http://127.9.0.1:8080"),
        ("http://api:9090/x", "http://127.9.0.1:9091/x"),
        ("http://api.shop", "http://127.9.0.1:8080"),
        ("http://api.shop.svc", "http://127.9.0.1:8080"),
        ("http://api.shop.svc.cluster.local:80/x", "http://127.9.0.1:8080/x"),
        ("http://api.shop.svc.cluster.local.", "http://127.9.0.1:8080"),
        ("HTTP://api", "HTTP://127.9.0.1:8080"),
        ("postgresql://u:p@db/shop", "postgresql://u:p@127.9.0.9/shop"),
        ("postgresql+psycopg://u:p%40x@db:5432/shop", "postgresql+psycopg://u:p%40x@127.9.0.9:5432/shop"),
        ("redis://:p@ss@cache:1234/0", "redis://:p@ss@127.9.0.8:4321/0"),
        ("odd://cache", "odd://127.9.0.8:4321"),
        ("http://api:80,http://api:9090", "http://127.9.0.1:8080,http://127.9.0.1:9091"),
        ("a=http://api:80;b=http://api", "a=http://127.9.0.1:8080;b=http://127.9.0.1:8080"),
        ('["http://api"]', '["http://127.9.0.1:8080"]'),
        ("api=http://api:80", "api=http://127.9.0.1:8080"),
        ("api:80", "127.9.0.1:8080"),
        ("api.shop.svc:80", "127.9.0.1:8080"),
        ("db:5432", "127.9.0.9:5432"),
        ("api:80, db:5432", "127.9.0.1:8080, 127.9.0.9:5432"),
        ("api", "127.9.0.1"),
        ("api.shop", "127.9.0.1"),
    ],
)
def test_replaced(value, expected):
    text, findings = HOSTS.rewrite("env.TARGET", value)
    assert text == expected
    assert findings
    assert not any(finding.strict for finding in findings)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "https://api.example.com/api",
        "http://api.com",
        "http://localhost:80/api",
        "http://example.com/api",
        "my-api",
        "api-2",
        "rapid",
        "/srv/api",
        "a.api.b",
        "http://[::1]:80",
        "user@example.com",
        "sqlite:////data/db",
        "db.sqlite",
    ],
)
def test_left_alone_without_a_word(value):
    assert HOSTS.rewrite("env.TARGET", value) == (value, [])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("http://api:81", "api has no port 81"),
        ("https://api", "api has no port 443"),
        ("http://away.other.svc", "away.other.svc is no Service of this release"),
        ("http://api.other.svc.cluster.local:80", "api.other.svc.cluster.local is no Service"),
        ("host=db port=5432", "db stands in a form that is not understood"),
        ("mysql -h db", "db stands in a form"),
        ("api:81", "api has no port 81"),
    ],
)
def test_what_cannot_be_replaced_is_a_strict_finding(value, words):
    text, findings = HOSTS.rewrite("env.TARGET", value)
    assert text == value
    assert [finding.strict for finding in findings] == [True]
    assert (findings[0].code, findings[0].field) == ("NotReplaced", "env.TARGET")
    assert words in findings[0].message


@pytest.mark.parametrize(
    "name", ["APP_NAME", "APPLICATION", "OTEL_SERVICE_NAME", "ROLE", "DD_SERVICE", "DB_USER"]
)
def test_a_variable_that_names_something_keeps_its_name(name):
    assert is_identity(f"env.{name}")
    assert HOSTS.rewrite(f"env.{name}", "api") == ("api", [])


@pytest.mark.parametrize(
    "name", ["API_HOST", "UPSTREAM", "OTEL_EXPORTER_OTLP_ENDPOINT", "TARGET", "NAMESERVER"]
)
def test_any_other_variable_is_an_address(name):
    assert not is_identity(f"env.{name}")


def test_a_url_in_a_variable_that_names_something_is_replaced_all_the_same():
    assert HOSTS.rewrite("env.APP_ID", "http://api")[0] == "http://127.9.0.1:8080"


def test_without_services_nothing_is_asked():
    assert ServiceHosts((), "shop").rewrite("env.A", "http://api") == ("http://api", [])


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_survived_and_findings_hold_no_value(text):
    new, findings = HOSTS.rewrite("env.TARGET", text)
    assert isinstance(new, str)
    assert all(len(finding.message) < 200 for finding in findings)


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"[a-z]{1,8}://[a-z.]{0,8}@?[a-z.]{1,8}(:[0-9]{1,4})?/[a-z]{0,5}", fullmatch=True))
def test_replacing_twice_is_replacing_once(url):
    once, _ = HOSTS.rewrite_urls("env.TARGET", url)
    assert HOSTS.rewrite_urls("env.TARGET", once)[0] == once


@pytest.mark.parametrize(
    ("env", "expected", "strict"),
    [
        ((("X_HOST", "api"), ("X_PORT", "80")), {"X_HOST": "127.9.0.1", "X_PORT": "8080"}, False),
        ((("X_HOST", "db"), ("X_PORT", "5432")), {"X_HOST": "127.9.0.9", "X_PORT": "5432"}, False),
        ((("X_HOST", "api"), ("X_PORT", "81")), {"X_HOST": "127.9.0.1", "X_PORT": "81"}, True),
        ((("X_SERVER", "api"),), {"X_SERVER": "127.9.0.1"}, True),
    ],
)
def test_a_port_beside_its_host_follows_it(resolve, env, expected, strict):
    found = resolve(*env)
    assert {key: found.env[key] for key in expected} == expected
    assert any(finding.strict for finding in found.findings) is strict
