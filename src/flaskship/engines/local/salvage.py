"""A damaged state file: kept whole under a dated name, and what can still be read of it goes on.

The order survives a death at any moment. What was recovered is complete on the disk (NAME.new) before
the damaged file gets its second name, and takes its place by one rename; from NAME.new on finish() does
the rest. The write-ahead log goes with the file that it belongs to: beside another one it would spoil that.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from flaskship.engines.local.state_file import open_database, read_only
from flaskship.model.errors import FlaskshipError, StateDamagedError
from flaskship.model.release import Release

TABLES = (
    "revisions",
    "intents",
    "replicas",
    "processes",
    "jobs",
    "autoscaled",
    "addresses",
    "events",
    "locks",
)
"""Who is referred to comes first."""
LOGS = ("-wal", "-shm")


def set_aside(path: Path, damage: StateDamagedError, at: float) -> StateDamagedError:
    """Keep the damaged file under a dated name, leave a good one in its place, and say what it holds.

    Nothing is moved where no good one can be written: the damage and the reason are told then.
    """
    part = _beside(path, "part")
    try:
        part.unlink(missing_ok=True)
        recovered = _recover(path, part)
    except (FlaskshipError, OSError, sqlite3.Error) as error:
        for file in (part, *(part.with_name(part.name + end) for end in (*LOGS, "-journal"))):
            file.unlink(missing_ok=True)
        return StateDamagedError(
            f"{damage.message}; it could not be kept aside: {error}",
            hint="It is where it was, and what runs goes on. Free some space on the disk and try again.",
        )
    part.replace(_beside(path, "new"))
    kept = _replace(path, at)
    return StateDamagedError(
        f"{damage.message}. {_fate(kept)}; recovered from it: {', '.join(recovered) or 'nothing'}",
        hint="Run the command again: what still runs and is known is taken over. What is not known runs on"
        " until `flaskship up ENV` or `deploy` replaces it, or `down` ends it.",
    )


def finish(path: Path, at: float) -> bool:
    """Do what a set_aside() that died had left to do; tell whether there was anything."""
    if not _beside(path, "new").exists():
        return False
    _replace(path, at)
    return True


def _beside(path: Path, end: str) -> Path:
    return path.with_name(f"{path.name}.{end}")


def _fate(kept: list[Path]) -> str:
    return f"It is kept as {' and '.join(map(str, kept))}" if kept else "Nothing is left to be kept"


def _replace(path: Path, at: float) -> list[Path]:
    """Put the new file in the place of the old one; return where that and its log are now."""
    aside = next((old for old in _kept(path) if path.exists() and old.samefile(path)), None)
    if aside is None:
        aside = _free_name(path, at)
        with contextlib.suppress(FileNotFoundError):
            aside.hardlink_to(path)
    for end in LOGS:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    _beside(path, "new").replace(path)
    _sync(path.parent)
    return [file for file in (aside, aside.with_name(f"{aside.name}-wal")) if file.exists()]


def _kept(path: Path) -> list[Path]:
    return [file for file in path.parent.glob(f"{path.name}.damaged-*") if not file.name.endswith(LOGS)]


def _free_name(path: Path, at: float) -> Path:
    dated = _beside(path, time.strftime("damaged-%Y%m%dT%H%M%SZ", time.gmtime(at)))
    names = [dated, *(dated.with_name(f"{dated.name}-{number}") for number in range(2, 100))]
    return next(
        name for name in names if not any(name.with_name(name.name + end).exists() for end in ("", *LOGS))
    )


def _recover(path: Path, part: Path) -> list[str]:
    """Write what can be read to a new file; return each environment of it in words."""
    new = open_database(part, begin=True)
    try:
        for table in TABLES:
            for row in _rows(path, table):
                _keep(new, table, row)
        _agree(new)
        found = new.execute(
            "SELECT environment, running, (SELECT COUNT(*) FROM revisions r"
            " WHERE r.environment = i.environment) FROM intents i ORDER BY environment"
        ).fetchall()
        # One file, without a log beside it: it is renamed.
        new.execute("PRAGMA journal_mode=DELETE")
    finally:
        new.close()
    _sync(part)
    return [_words(*row) for row in found]


def _words(environment: str, running: int, revisions: int) -> str:
    count = f"{revisions} revision{'s' if revisions > 1 else ''}"
    return f"{environment} ({count}{', it was running' if running else ''})"


def _rows(path: Path, table: str) -> Iterator[dict[str, object]]:
    """Yield the readable rows: from the first one on, and from the last one back to the damage."""
    for order in ("ASC", "DESC"):
        whole = False
        with contextlib.suppress(sqlite3.Error), contextlib.closing(read_only(path)) as db:
            db.text_factory = bytes
            cursor = db.execute(f"SELECT * FROM {table} ORDER BY rowid {order}")  # noqa: S608
            names = [str(column[0]) for column in cursor.description]
            for values in cursor:
                with contextlib.suppress(UnicodeDecodeError):
                    yield {
                        n: v.decode() if isinstance(v, bytes) else v
                        for n, v in zip(names, values, strict=True)
                    }
            whole = True
        if whole:
            return


def _keep(new: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    if table == "revisions" and not _is_release(row.get("release")):
        return
    names, places = ", ".join(row), ", ".join("?" * len(row))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608
    # One that is there already, refers to what is lost, or breaks a rule of the table is left out.
    with contextlib.suppress(sqlite3.IntegrityError, sqlite3.InterfaceError):
        new.execute(statement, tuple(row.values()))


def _is_release(text: object) -> bool:
    try:
        msgspec.json.decode(str(text), type=Release)
    except msgspec.DecodeError:
        return False
    return True


def _agree(new: sqlite3.Connection) -> None:
    """Leave nothing that names a lost revision: such an environment rests at the newest one that is left.

    Its replicas are forgotten: nobody knows whether they should run, and one that is unknown serves on.
    """
    new.execute(
        "DELETE FROM replicas WHERE NOT EXISTS (SELECT 1 FROM revisions r"
        " WHERE r.environment = replicas.environment AND r.number = replicas.revision)"
    )
    new.execute(
        "DELETE FROM intents WHERE NOT EXISTS (SELECT 1 FROM revisions r"
        " WHERE r.environment = intents.environment AND r.number = intents.revision)"
    )
    new.execute("DELETE FROM replicas WHERE environment NOT IN (SELECT environment FROM intents)")
    new.execute(
        "INSERT INTO intents SELECT environment, json_extract(release, '$.name'),"
        " json_extract(release, '$.namespace'), MAX(number), 0, '{}', '{}', '[]' FROM revisions r"
        " WHERE NOT EXISTS (SELECT 1 FROM intents i WHERE i.environment = r.environment) GROUP BY environment"
    )


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
