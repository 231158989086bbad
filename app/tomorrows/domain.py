"""What a reminder is, and how one is read from a request. Pure: the clock and the ids come from outside."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

MAX_MESSAGE = 10_000
MAX_WEBHOOK = 2_048
OLDEST = timedelta(days=1)
FARTHEST = timedelta(days=3_660)
FIELDS = ("message", "due_at", "webhook")
# RFC 3339: the zone is not optional, and a second has at most nine digits behind it.
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Status(StrEnum):
    """Where a reminder stands."""

    SCHEDULED = "scheduled"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Draft:
    """A valid wish for a reminder."""

    message: str
    due_at: datetime
    webhook: str | None


@dataclass(frozen=True)
class Reminder:
    """A reminder as it is stored."""

    id: str
    message: str
    due_at: datetime
    webhook: str | None
    status: Status
    attempts: int
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with a request."""

    field: str
    message: str


def instant(moment: datetime) -> str:
    """Write an instant as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_instant(text: str) -> datetime | None:
    """Read RFC 3339 with a zone; None when it is anything else."""
    if not RFC3339.fullmatch(text):
        return None
    head, fraction, zone = re.fullmatch(r"(.{19})(\.\d+)?(.+)", text).groups()  # type: ignore[union-attr]
    try:
        return datetime.fromisoformat(head.upper() + (fraction or "")[:7] + zone.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_draft(document: object, now: datetime, *, webhooks: bool = True) -> Draft | tuple[FieldError, ...]:
    """Read a request body; every error at once, each with its field."""
    if not isinstance(document, dict):
        return (FieldError("", "the body must be a JSON object"),)
    message, message_error = _message(document.get("message"))
    due_at, due_error = _due_at(document.get("due_at"), now)
    webhook, webhook_error = _webhook(document.get("webhook"), webhooks)
    errors = [
        FieldError(field, text)
        for field, text in (("message", message_error), ("due_at", due_error), ("webhook", webhook_error))
        if text
    ]
    errors += [
        FieldError(str(name)[:60], f"is unknown; the fields are {', '.join(FIELDS)}")
        for name in document
        if name not in FIELDS
    ][:10]
    if errors or due_at is None:
        return tuple(errors)
    return Draft(message, due_at, webhook)


def _message(value: object) -> tuple[str, str]:
    if not isinstance(value, str):
        return "", "is required and must be a string"
    if not value.strip():
        return "", "must not be empty"
    if len(value) > MAX_MESSAGE:
        return "", f"has {len(value)} characters; {MAX_MESSAGE} are allowed"
    if CONTROL.search(value):
        return "", "holds a control character or half a character (a lone surrogate)"
    return value, ""


def _due_at(value: object, now: datetime) -> tuple[datetime | None, str]:
    if not isinstance(value, str):
        return None, "is required and must be a string"
    moment = parse_instant(value)
    if moment is None:
        return None, "must be RFC 3339 with a zone, such as 2026-11-24T09:00:00+01:00"
    if moment < now - OLDEST:
        return None, f"lies more than {OLDEST.days} day in the past"
    if moment > now + FARTHEST:
        return None, f"lies more than {FARTHEST.days} days ahead"
    return moment, ""


def _webhook(value: object, enabled: bool) -> tuple[str | None, str]:
    if value is None:
        return None, ""
    if not enabled:
        return None, "is switched off in this environment"
    if not isinstance(value, str):
        return None, "must be a string"
    error = webhook_error(value)
    return (None, error) if error else (value, "")


def webhook_error(url: str) -> str:
    """Say what is wrong with the form of a URL; where it leads is judged when it is called."""
    if len(url) > MAX_WEBHOOK:
        return f"has {len(url)} characters; {MAX_WEBHOOK} are allowed"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "must be plain ASCII without spaces, with other characters percent-encoded"
    try:
        parts = urlsplit(url)
        port_is_zero = parts.port == 0
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must be an http or https URL with a host"
    if parts.username is not None or parts.password is not None:
        return "must not carry a user name or password"
    return "has port 0" if port_is_zero else ""
