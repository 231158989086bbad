"""Which refusals of a database no waiting heals, in words that hold nothing of the URL."""

import re
import sqlite3
from typing import TypeGuard

from sqlalchemy.exc import DBAPIError

SQLITE = {
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: its folder does not exist or is closed to this user",
    sqlite3.SQLITE_NOTADB: "the file is no SQLite database",
    sqlite3.SQLITE_READONLY: "the SQLite file or its folder cannot be written to",
}
# libpq gives no SQLSTATE for a refused connection; a server that says it in another language is waited for.
POSTGRESQL = (
    (re.compile(r"FATAL: +password authentication failed for user"), "the server refused user or password"),
    (re.compile(r'FATAL: +role "[^"]*" does not exist'), "the server does not know this user"),
    (re.compile(r'FATAL: +database "[^"]*" does not exist'), "the server has no such database"),
)


def lasting(error: DBAPIError) -> str | None:
    """Say what stays wrong however long one waits; None where the database may still come."""
    code = _sqlite_code(error)
    if code is not None:
        return SQLITE.get(code)
    text = str(error.orig)
    return next((words for pattern, words in POSTGRESQL if pattern.search(text)), None)


def refuses_login(error: BaseException) -> TypeGuard[DBAPIError]:
    """Tell whether the server is there and takes neither this user nor this password."""
    text = str(getattr(error, "orig", ""))
    return isinstance(error, DBAPIError) and any(pattern.search(text) for pattern, _ in POSTGRESQL[:2])


def is_busy(error: DBAPIError) -> bool:
    """Tell whether somebody else is only at work in the SQLite file just now."""
    return _sqlite_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _sqlite_code(error: DBAPIError) -> int | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF
