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
from tomorrows.storage.refusals import lasting, refuses_login
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
REFUSED_PAUSE = 0.1
RECYCLE_SECONDS = 1800.0
PING_SECONDS = 2.0
SINCE = "tomorrows.opened"
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
        self._open_now: set[int] = set()
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
        until = time.monotonic() + OPEN_SECONDS
        while True:
            try:
                return self._begun(writes)
            except OperationalError as error:
                # From the change of a password to the file that tells of it nothing can be opened. What is
                # open goes on, and one that somebody gives back serves as well as a new one.
                if not (refuses_login(error) and self._open_now) or time.monotonic() >= until:
                    raise
            time.sleep(random.uniform(0.01, REFUSED_PAUSE))  # noqa: S311 (no secret: threads out of step)

    def _begun(self, writes: bool) -> Connection:
        # Nothing was sent yet when connecting or BEGIN fails, so trying again cannot repeat a write.
        for attempt in stamina.retry_context(
            on=lambda error: (
                _is_outage(error)
                and not isinstance(error, PoolTimeout)
                and not (refuses_login(error) and self._open_now)
            ),
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
            self._engine = make_engine(self._secret, self._pool_size, self._open_now)
        return self._engine


def make_engine(secret: Secret, pool_size: int = 10, open_now: set[int] | None = None) -> Engine:
    """Build an engine whose every new connection reads DATABASE_URL again: a rotation needs no restart.

    The set holds an entry for each connection that is open.
    """
    known = set() if open_now is None else open_now
    url = parse_url(secret.current())
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=3,
        hide_parameters=True,
        connect_args=connect_arguments(url),
    )
    sqlite = url.get_backend_name() == "sqlite"

    def arguments_now(dialect: Any) -> tuple[list[Any], dict[str, Any]]:
        current = parse_url(secret.current())
        if current.drivername != url.drivername:
            raise DatabaseUrlError("DATABASE_URL changed to another kind of database; that needs a restart")
        positional, named = dialect.create_connect_args(current)
        return positional, {**named, **connect_arguments(current)}

    @event.listens_for(engine, "do_connect")
    def read_url_again(dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        arguments[:], now = arguments_now(dialect)
        options.clear()
        options.update(now)

    @event.listens_for(engine, "connect")
    def note_opened(connection: Any, record: Any) -> None:
        record.info[SINCE] = time.monotonic()
        known.add(id(connection))

    @event.listens_for(engine, "close")
    def note_closed(connection: Any, _record: Any) -> None:
        known.discard(id(connection))

    @event.listens_for(engine, "checkout")
    def look_before_use(connection: Any, record: Any, _proxy: Any) -> None:
        # The pool's own ping waits for ever on a server that is frozen.
        with watch.cut_after(PING_SECONDS, _cutter(connection)):
            alive = _answers(engine.dialect, connection)
        if not alive:
            raise DisconnectionError("a pooled connection is dead")
        old = time.monotonic() - record.info.get(SINCE, 0.0) > RECYCLE_SECONDS
        if old and not sqlite and _another_opens(engine.dialect, arguments_now):
            raise DisconnectionError("a pooled connection is old, and another one can take its place")

    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _another_opens(dialect: Any, arguments_now: Callable[[Any], tuple[list[Any], dict[str, Any]]]) -> bool:
    """Tell whether a new connection can be had: in the middle of a rotation an old one is the only one."""
    try:
        positional, named = arguments_now(dialect)
        dialect.connect(*positional, **named).close()
    except (dialect.loaded_dbapi.Error, DatabaseUrlError, SecretUnreadable):
        return False
    return True


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
    if refuses_login(error):
        return f"the database cannot be used: {lasting(error)}"
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
