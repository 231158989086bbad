"""Logs: one JSON object a line on stdout, with the id of the request that caused it."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from tomorrows.settings import Settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class JsonFormatter(logging.Formatter):
    """Formats a record and its `fields` (extra={"fields": {...}}) as one line of JSON."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._application = name
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "application": self._application,
            "role": self._role,
            "event": record.getMessage(),
        }
        current = request_id.get()
        if current:
            line["request_id"] = current
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def logging_config(settings: Settings) -> dict[str, Any]:
    """Give the logging configuration that gunicorn and a bare run share."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter, "name": settings.name, "role": settings.role.value}},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": sys.stdout}},
        "root": {"level": "WARNING", "handlers": ["stdout"]},
        "loggers": {
            "tomorrows": {"level": settings.log_level},
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": True},
            "alembic": {"level": "INFO"},
        },
    }


def log(
    name: str, event: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: object
) -> None:
    """Log an event with those of its fields that are known."""
    known = {key: value for key, value in fields.items() if value is not None}
    logging.getLogger(f"tomorrows.{name}").log(level, event, exc_info=error, extra={"fields": known})
