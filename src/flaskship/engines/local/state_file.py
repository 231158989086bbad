"""The state file as SQLite has it: opened at the newest version, every failure in a sentence."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from flaskship.engines.local.migrations import migrate, version_of
from flaskship.engines.local.write_ahead import spoilt
from flaskship.model.errors import FlaskshipError, NoSpaceError, PreflightError, StateDamagedError

Kind = TypeVar("Kind")
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
UNREADABLE_ALONE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
"""What a connection that must not write says of a folder or a journal that only a writer can use."""
PAGE_BYTES = 4096
AGAIN = "Free some space on the disk and try again."


class StateFile:
    """One open state file: statements, transactions, and values as JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_database(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        with self._named_errors():
            return self._db.execute(sql, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # The commit at its end can fail as well as any statement in it.
        with self._named_errors(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            kind = NoSpaceError if _code(error) == sqlite3.SQLITE_FULL else FlaskshipError
            raise kind(f"the state could not be written: {error}", hint=AGAIN) from error
        except sqlite3.DatabaseError as error:
            raise unusable(self._path, error) from error

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """Wait for the disk at the commit, which takes along all that was committed before."""
        self._execute("PRAGMA synchronous=FULL")
        try:
            yield
        finally:
            self._execute("PRAGMA synchronous=NORMAL")

    def _decode(self, text: str, kind: type[Kind]) -> Kind:
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            # A page that changed on the disk can still look like one.
            raise damaged(self._path, str(error)) from error


@contextmanager
def once_changed() -> Iterator[None]:
    """Write what comes after a change: a full disk is no refusal then, as that says nothing was changed."""
    try:
        yield
    except NoSpaceError as error:
        raise FlaskshipError(error.message, hint=error.hint) from error


def encode(value: Any) -> str:
    """Return the value as it is stored."""
    return msgspec.json.encode(value).decode()


def open_database(path: Path, *, begin: bool = False) -> sqlite3.Connection:
    """Return the file at the newest version, private to its owner; FlaskshipError says what is wrong with it.

    Nothing is ever moved or replaced here, and a file of a newer version is not written to. Where something
    ran before, a file is made only for the one who says that it begins it.
    """
    try:
        if not begin:
            _look_at(path)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    try:
        path.chmod(0o600)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing by this; what a power cut must not take is written with on_disk().
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA foreign_keys=ON")
        migrate(db)
    except sqlite3.Error as error:
        db.close()
        raise unusable(path, error) from error
    except (FlaskshipError, OSError):
        db.close()
        raise
    return db


def unusable(path: Path, error: sqlite3.Error) -> PreflightError:
    """Return what to tell of a file that SQLite refuses: only what is in it can be damaged."""
    code = _code(error)
    if code in DAMAGE:
        return damaged(path, str(error))
    said = f"the state file {path} cannot be opened"
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path.parent)):
        return NoSpaceError(f"{said}: the disk is full", hint=AGAIN)
    return PreflightError(
        f"{said}: {error}", hint="It is left as it is. Your user must be able to read and write it."
    )


def _is_full(folder: Path) -> bool:
    # What lies beside the state is mapped into memory: where no page of it fits, SQLite tells an I/O error.
    try:
        return shutil.disk_usage(folder).free < PAGE_BYTES
    except OSError:
        return False


def damaged(path: Path, why: str) -> StateDamagedError:
    """Return what to tell of a file whose content is no state any more."""
    return StateDamagedError(
        f"the state file {path} is damaged: {why}",
        hint="What runs goes on. A command that finds no other at work keeps the file under a dated name.",
    )


def has_run(path: Path) -> bool:
    """Tell whether a replica ran beside this file: the router keeps a table then, the spawner a record."""
    return (path.parent / "routes.json").exists() or any((path.parent / "exits").glob("*.replica.json"))


def _look_at(path: Path) -> None:
    """Raise FlaskshipError for a newer or a damaged file without changing a byte of it.

    Opened for writing it would be given its write-ahead log when it is closed, whatever is in them.
    """
    size = path.stat().st_size if path.exists() else None
    if not size:
        # A file without content is a new one only where nothing ever ran.
        if has_run(path):
            raise damaged(path, "it is missing" if size is None else "it is empty")
        return
    log = path.with_name(f"{path.name}-wal")
    if wrong := spoilt(log):
        # SQLite passes over it in silence, and with it over all that was written last.
        raise damaged(path, f"its write-ahead log {log.name} is spoilt: {wrong}")
    try:
        with contextlib.closing(read_only(path)) as db:
            version = version_of(db, path)
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if _code(error) in UNREADABLE_ALONE:
            return
        raise
    if found != "ok":
        raise damaged(path, str(found).splitlines()[-1])
    if version == 0 and has_run(path):
        raise damaged(path, "there is no table in it")


def read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write; sqlite3.Error as it is."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
