"""DATABASE_URL, mapped to the installed driver. Errors never repeat the URL: it holds a password."""

from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 5
BUSY_SECONDS = 5.0


class DatabaseUrlError(ValueError):
    """DATABASE_URL is not one that this code can use."""


def parse_url(text: str | None) -> URL:
    """Read the URL; postgresql:// and postgres:// mean psycopg 3."""
    try:
        url = make_url(text or "")
    except (ArgumentError, ValueError):
        raise DatabaseUrlError(
            "DATABASE_URL is not a URL such as postgresql://user:password@host:5432/name"
        ) from None
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return url.set(drivername="sqlite+pysqlite")
    raise DatabaseUrlError(f"DATABASE_URL has the scheme {url.drivername!r}; use postgresql:// or sqlite:///")


def connect_arguments(url: URL) -> dict[str, Any]:
    """Give what the driver needs, so that neither a connection nor a statement waits for ever."""
    if url.get_backend_name() == "sqlite":
        return {"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False}
    return {
        "connect_timeout": CONNECT_SECONDS,
        "options": f"-c statement_timeout={STATEMENT_SECONDS * 1000}"
        f" -c lock_timeout={STATEMENT_SECONDS * 1000}"
        " -c idle_in_transaction_session_timeout=30000 -c timezone=UTC",
        "tcp_user_timeout": (CONNECT_SECONDS + STATEMENT_SECONDS) * 1000,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "application_name": "tomorrows",
    }
