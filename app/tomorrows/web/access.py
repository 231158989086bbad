"""Who may come in: the API by its key, the pages by a password or by single sign-on in front of them."""

import base64
import hmac
import ipaddress
from dataclasses import dataclass

from werkzeug.datastructures import Headers

from tomorrows.settings import Settings


@dataclass(frozen=True)
class Denied:
    """Why a request may not come in."""

    status: int
    detail: str
    challenge: str | None = None


def same(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode("utf-8"))


def check_key(settings: Settings, headers: Headers) -> Denied | None:
    """Judge a request to the API: X-API-Key, or Authorization: Bearer."""
    expected = settings.api_key.current()
    if expected is None:
        if settings.needs_key:
            return Denied(503, "API_KEY (or API_KEY_FILE) is not set, and it is mandatory in prod")
        return None
    given = headers.get("X-API-Key", "")
    if not given:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else ""
    if given and same(given, expected):
        return None
    return Denied(
        401, "This API wants its key in the header X-API-Key, or as a bearer token.", 'Bearer realm="api"'
    )


def check_page(settings: Settings, headers: Headers, peer: str | None) -> Denied | None:
    """Judge a request to a page."""
    password = settings.ui_password.current()
    sso = settings.sso_header if settings.sso_proxies else None
    if sso and _trusted(settings, peer) and headers.get(sso, "").strip():
        return None
    if password is not None:
        given = _basic_password(headers.get("Authorization", ""))
        if given is not None and same(given, password):
            return None
        return Denied(401, "This page wants its password.", 'Basic realm="tomorrows", charset="UTF-8"')
    if sso:
        return Denied(403, "This page is reached through the single sign-on in front of it.")
    return Denied(
        403,
        "No page is served before UI_PASSWORD (or UI_PASSWORD_FILE) is set, "
        "or UI_SSO_HEADER together with UI_SSO_TRUSTED_PROXIES.",
    )


def _trusted(settings: Settings, peer: str | None) -> bool:
    try:
        address = ipaddress.ip_address(peer or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return any(address.version == network.version and address in network for network in settings.sso_proxies)


def _basic_password(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, separator, password = base64.b64decode(token.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    return password if separator else None
