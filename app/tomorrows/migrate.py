"""`python -m tomorrows.migrate`: bring the schema to the newest revision; safe when several run at once."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import stamina
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tomorrows.secrets_source import SecretUnreadable, read_secret
from tomorrows.storage.database import describe, make_engine, schema_version
from tomorrows.storage.refusals import is_busy, lasting
from tomorrows.storage.tables import SCHEMA
from tomorrows.storage.urls import DatabaseUrlError

# Any fixed number will do, as long as nobody else takes it on this database.
ADVISORY_LOCK = 7_066_801_331
DEFAULT_TIMEOUT = 60.0


class MigrationFailed(Exception):
    """The schema could not be brought up to date; one sentence."""


def migrate(environment: Mapping[str, str]) -> str:
    """Upgrade to the head; give the revision that the database is at."""
    timeout = _timeout(environment)
    engine = make_engine(read_secret(environment, "DATABASE_URL", "sqlite:///./reminders.db"), pool_size=1)
    deadline = time.monotonic() + timeout
    stage = f"gave up after {timeout:g} s (MIGRATE_TIMEOUT)"
    try:
        connection = _connect(engine, timeout)
        stage = "the migration stopped half-way and will be repeated by the next run"
        with connection, _lock(connection, engine.url.database, deadline):
            _upgrade(connection)
            return schema_version(connection) or "nothing"
    except DBAPIError as error:
        raise MigrationFailed(f"{describe(error)}; {lasting(error) or stage}") from error
    finally:
        engine.dispose()


def _connect(engine: Engine, timeout: float) -> Connection:
    """Wait for a database that is not there yet, and say so at the first refusal; a lasting one is final."""
    for attempt in stamina.retry_context(
        on=lambda error: isinstance(error, DBAPIError) and lasting(error) is None,
        attempts=None,
        timeout=timeout,
        wait_initial=0.2,
        wait_max=3.0,
    ):
        with attempt:
            try:
                connection = engine.connect().execution_options(writes=True)
            except DBAPIError as error:
                if attempt.num == 1 and lasting(error) is None and not is_busy(error):
                    # Whoever looks while it waits, or gives up before it does, finds the reason in the log.
                    again = f"trying again for {timeout:g} s (MIGRATE_TIMEOUT)"
                    sys.stderr.write(f"tomorrows.migrate: {describe(error)}; {again}\n")
                    sys.stderr.flush()
                raise
    return connection


def _upgrade(connection: Connection) -> None:
    found = schema_version(connection)
    if found is not None and found >= SCHEMA:
        # Newer than this code is fine, and Alembic would stumble over a revision that it does not know.
        return
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


@contextmanager
def _lock(connection: Connection, database: str | None, deadline: float) -> Iterator[None]:
    """Hold the database's advisory lock, or a lock on a file beside the SQLite file."""
    if connection.dialect.name == "sqlite":
        with _file_lock(database, deadline):
            yield
        return
    while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}).scalar():
        _wait(deadline)
    connection.commit()
    # Migrations may rewrite a table; the short limit of a request is not theirs.
    connection.execute(text("SET statement_timeout = 0"))
    connection.commit()
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()


@contextmanager
def _file_lock(database: str | None, deadline: float) -> Iterator[None]:
    if not database or database == ":memory:":
        yield
        return
    with Path(f"{database}.migrate.lock").open("a") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                _wait(deadline)
        yield


def _wait(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise MigrationFailed("another migration holds the lock for too long (MIGRATE_TIMEOUT)")
    time.sleep(0.1)


def _timeout(environment: Mapping[str, str]) -> float:
    try:
        value = float(environment.get("MIGRATE_TIMEOUT") or DEFAULT_TIMEOUT)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise MigrationFailed("MIGRATE_TIMEOUT must be a number of seconds up to 3600")
    return value


def main() -> int:
    """Run as a program: 0 when the schema is up to date, else 1 and one sentence."""
    stamina.instrumentation.set_on_retry_hooks([])
    try:
        revision = migrate(os.environ)
    except (MigrationFailed, DatabaseUrlError, SecretUnreadable, OSError) as error:
        sys.stderr.write(f"tomorrows.migrate: {error}\n")
        return 1
    sys.stdout.write(f"tomorrows.migrate: the schema is at {revision}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
