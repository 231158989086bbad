"""The way to the database: pool, time limits, circuit breaker; each new connection reads the URL again."""

import os
import random
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pybreaker
import stamina
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tomorrows.deadline import watch
from tomorrows.secrets_source import Secret, SecretUnreadable
from tomorrows.storage.turns import Turns, TurnTimeout
from tomorrows.storage.urls import (
    BUSY_SECONDS,
    STATEMENT_SECONDS,
    DatabaseUrlError,
    connect_arguments,
    parse_url,
)

RESET_SECONDS = 2.0
OPEN_SECONDS = 4.0
PING_SECONDS = 2.0
TURN_MILLISECONDS = 50
TURN_PAUSE = 0.005
TRANSACTION_SECONDS = STATEMENT_SECONDS + 3.0


class DatabaseUnavailable(Exception):
    """The database did not answer; the message is safe to show."""


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(
        error,
        OperationalError
        | InterfaceError
        | DisconnectionError
        | PoolTimeout
        | DatabaseUrlError
        | SecretUnreadable
        | TurnTimeout,
    )


class Database:
    """Transactions on the configured database. Threads share one; nothing is opened before the first use."""

    def __init__(self, secret: Secret, *, pool_size: int = 10) -> None:
        self._secret = secret
        self._pool_size = pool_size
        self._engine: Engine | None = None
        self._turns = Turns()
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=5,
            reset_timeout=RESET_SECONDS,
            exclude=[lambda error: not _is_outage(error)],
            throw_new_error_on_trip=False,
            name="database",
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that writes, and commit it."""
        with self._transaction(writes=True) as connection:
            yield connection

    def dispose(self) -> None:
        """Close what is pooled."""
        if self._engine is not None:
            self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            # `call` would hold the breaker's lock until the body ends, and queue the threads.
            with self._breaker.calling(), self._turn(writes=writes):
                connection = self._open(writes)
                try:
                    with watch.cut_after(
                        TRANSACTION_SECONDS, _cutter(connection.connection.dbapi_connection)
                    ):
                        yield connection
                        connection.commit()
                finally:
                    connection.close()
        except pybreaker.CircuitBreakerError:
            raise DatabaseUnavailable(
                "the database failed repeatedly; it is tried again in 2 seconds"
            ) from None
        except Exception as error:
            if _is_outage(error):
                raise DatabaseUnavailable(describe(error)) from error
            raise

    def _turn(self, *, writes: bool) -> AbstractContextManager[None]:
        if writes and self._connected().dialect.name == "sqlite":
            return self._turns.turn(BUSY_SECONDS)
        return nullcontext()

    def _open(self, writes: bool) -> Connection:
        # Nothing was sent yet when connecting or BEGIN fails, so trying again cannot repeat a write.
        for attempt in stamina.retry_context(
            on=lambda error: _is_outage(error) and not isinstance(error, PoolTimeout),
            attempts=3,
            timeout=OPEN_SECONDS,
            wait_initial=0.05,
            wait_jitter=0.1,
            wait_max=0.5,
        ):
            with attempt:
                connection = self._connected().connect().execution_options(writes=writes)
                try:
                    connection.begin()
                except BaseException:
                    connection.close()
                    raise
        return connection

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = make_engine(self._secret, self._pool_size)
        return self._engine


def make_engine(secret: Secret, pool_size: int = 10) -> Engine:
    """Build an engine whose every new connection reads DATABASE_URL again: a rotation needs no restart."""
    url = parse_url(secret.current())
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=3,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args=connect_arguments(url),
    )
    sqlite = url.get_backend_name() == "sqlite"

    @event.listens_for(engine, "do_connect")
    def read_url_again(dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        current = parse_url(secret.current())
        if current.drivername != url.drivername:
            raise DatabaseUrlError("DATABASE_URL changed to another kind of database; that needs a restart")
        positional, named = dialect.create_connect_args(current)
        arguments[:] = positional
        options.clear()
        options.update(named)
        options.update(connect_arguments(current))

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, _record: Any, _proxy: Any) -> None:
        # The pool's own ping waits for ever on a server that is frozen.
        with watch.cut_after(PING_SECONDS, _cutter(connection)):
            alive = _answers(engine.dialect, connection)
        if not alive:
            raise DisconnectionError("a pooled connection is dead")

    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _answers(dialect: Any, connection: Any) -> bool:
    try:
        return bool(dialect.do_ping(connection))
    except dialect.loaded_dbapi.Error:
        return False


def _cutter(connection: Any) -> Callable[[], None]:
    """Give what ends a transaction on a silent server: PostgreSQL's own limits need it to be alive."""

    def cut() -> None:
        if not hasattr(connection, "fileno") or connection.closed:
            return
        with socket.socket(fileno=os.dup(connection.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)

    return cut


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN")
        return
    # Whoever waits for SQLite's lock asks ever more seldom, so that a writer among busy ones comes too late
    # with nobody at fault: asked in short turns, it looks as often as those that came after it.
    deadline = time.monotonic() + BUSY_SECONDS
    connection.exec_driver_sql(f"PRAGMA busy_timeout={TURN_MILLISECONDS}")
    try:
        while not _took_the_lock(connection, deadline):
            time.sleep(random.uniform(0, TURN_PAUSE))  # noqa: S311 (no secret: it keeps writers out of step)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")


def _took_the_lock(connection: Connection, deadline: float) -> bool:
    try:
        # IMMEDIATE waits for the write lock at once; a deferred transaction would fail when it upgrades.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
            raise
        return False
    return True


def describe(error: BaseException) -> str:
    """Say in words what is wrong with the database, without the URL."""
    if isinstance(error, SecretUnreadable | DatabaseUrlError):
        return str(error)
    if isinstance(error, PoolTimeout):
        return "the database pool is exhausted"
    if isinstance(error, TurnTimeout):
        return f"too many writes wait for the database: none came through within {BUSY_SECONDS:g} s"
    origin = getattr(error, "orig", None)
    word = getattr(origin, "sqlite_errorname", None) or type(origin or error).__name__
    if not _is_outage(error):
        return f"the database refused a statement ({word})"
    return f"the database cannot be reached or refused the connection ({word})"


def schema_version(connection: Connection) -> str | None:
    """Read the revision that the database is at; None before the first migration."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
