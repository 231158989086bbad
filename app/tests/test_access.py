import base64

import pytest
from app_support import settings
from werkzeug.datastructures import Headers

from tomorrows.web.access import check_key, check_page


def basic(password, user="anybody"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def key(given, **environment):
    return check_key(settings(**environment), Headers(given))


def page(given, peer="127.0.0.1", **environment):
    return check_page(settings(**environment), Headers(given), peer)


def test_without_a_key_the_api_is_open_outside_prod():
    assert key({}) is None
    assert key({"X-API-Key": "anything"}) is None


def test_in_prod_a_missing_key_closes_the_api_for_everybody():
    denied = key({"X-API-Key": "anything"}, APP_ENVIRONMENT="prod")
    assert denied.status == 503
    assert "API_KEY" in denied.detail


@pytest.mark.parametrize(
    "given", [{"X-API-Key": "s3cret"}, {"Authorization": "Bearer s3cret"}, {"Authorization": "bearer s3cret"}]
)
def test_the_key_opens(given):
    assert key(given, API_KEY="s3cret") is None


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "s3cre"},
        {"X-API-Key": "s3cret "},
        {"X-API-Key": "S3CRET"},
        {"Authorization": "s3cret"},
        {"Authorization": "Basic s3cret"},
        {"X-API-Key": "\u00ff\u00fe"},
    ],
)
def test_anything_else_does_not(given):
    denied = key(given, API_KEY="s3cret")
    assert denied.status == 401
    assert denied.challenge
    assert "s3cret" not in denied.detail


def test_a_rotated_key_counts_at_once(tmp_path):
    file = tmp_path / "key"
    file.write_text("old")
    assert key({"X-API-Key": "old"}, API_KEY_FILE=file) is None
    file.write_text("new")
    assert key({"X-API-Key": "old"}, API_KEY_FILE=file).status == 401
    assert key({"X-API-Key": "new"}, API_KEY_FILE=file) is None


def test_no_page_without_any_configuration():
    denied = page(basic("x"))
    assert denied.status == 403
    assert "UI_PASSWORD" in denied.detail


@pytest.mark.parametrize("half", [{"UI_SSO_HEADER": "X-User"}, {"UI_SSO_TRUSTED_PROXIES": "0.0.0.0/0"}])
def test_half_a_single_sign_on_is_none(half):
    assert page({"X-User": "ann"}, **half).status == 403


def test_the_password_opens_under_any_user_name():
    assert page(basic("pä:ss"), UI_PASSWORD="pä:ss") is None
    assert page(basic("pä:ss", user=""), UI_PASSWORD="pä:ss") is None


@pytest.mark.parametrize(
    "given",
    [
        {},
        basic("no"),
        {"Authorization": "Basic ???"},
        {"Authorization": "Basic /////w=="},
        {"Authorization": "Bearer pw"},
    ],
)
def test_other_passwords_are_challenged(given):
    denied = page(given, UI_PASSWORD="pw")
    assert denied.status == 401
    assert denied.challenge.startswith("Basic")


SSO = {"UI_SSO_HEADER": "X-User", "UI_SSO_TRUSTED_PROXIES": "10.1.0.0/16, fd00::/8"}


@pytest.mark.parametrize("peer", ["10.1.2.3", "fd00::7", "::ffff:10.1.2.3"])
def test_the_header_counts_from_a_trusted_proxy(peer):
    assert page({"X-User": "ann"}, peer, **SSO) is None


@pytest.mark.parametrize("peer", ["10.2.0.1", "127.0.0.1", "::1", "", None, "unix"])
def test_the_header_counts_from_nobody_else(peer):
    assert page({"X-User": "ann"}, peer, **SSO).status == 403


def test_an_empty_header_is_nobody():
    assert page({"X-User": " "}, "10.1.2.3", **SSO).status == 403


def test_password_and_single_sign_on_work_side_by_side():
    assert page(basic("pw"), "127.0.0.1", UI_PASSWORD="pw", **SSO) is None
    assert page({"X-User": "ann"}, "10.1.2.3", UI_PASSWORD="pw", **SSO) is None
    assert page({"X-User": "ann"}, "127.0.0.1", UI_PASSWORD="pw", **SSO).status == 401
