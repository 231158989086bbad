"""Opening the state file: what cannot be used is named and left where it is."""

import contextlib
import sqlite3
from pathlib import Path

from flaskship.engines.local.migrations import migrate, refuse_newer
from flaskship.model.errors import FlaskshipError


def open_database(path: Path) -> sqlite3.Connection:
    """Return the file at the newest version, private to its owner; FlaskshipError says what is wrong with it.

    Nothing is ever moved or replaced here: whether a damaged file can go is the user's choice.
    """
    _refuse_emptied(path)
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    try:
        path.chmod(0o600)
        db.row_factory = sqlite3.Row
        refuse_newer(db, path)
        (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(str(found))
        db.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing by this; what a power cut must not take is written with on_disk().
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA foreign_keys=ON")
        migrate(db)
    except sqlite3.Error as error:
        db.close()
        raise unreadable(path, error) from error
    except (FlaskshipError, OSError):
        db.close()
        raise
    return db


def unreadable(path: Path, error: Exception) -> FlaskshipError:
    """Return what to tell of a file that SQLite refuses."""
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
        return FlaskshipError(
            f"the state file {path} cannot be opened: {error}",
            hint="Free some space on the disk and try again.",
        )
    return FlaskshipError(
        f"the state file {path} cannot be read: {error}",
        hint=f"What runs goes on. Put a copy of it back, or move it aside (mv {path} {path}.broken) and bring"
        " the environments up again.",
    )


def _refuse_emptied(path: Path) -> None:
    # A file without content is a new one only where nothing ever ran: the router kept no table yet.
    with contextlib.suppress(OSError):
        if path.stat().st_size == 0 and (path.parent / "routes.json").exists():
            raise unreadable(path, ValueError("it is empty"))
