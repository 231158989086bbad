"""The way to the database: writers, restart, limits, the circuit, and what errors may show."""

import threading

import pytest
from app_support import ask, free_port, wait_until
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tomorrows.secrets_source import Secret
from tomorrows.storage.database import Database, DatabaseUnavailable, schema_version
from tomorrows.storage.tables import SCHEMA, Instant
from tomorrows.storage.urls import DatabaseUrlError, parse_url


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h/d?sslmode=require", "postgresql+psycopg"),
        ("sqlite:///./r.db", "sqlite+pysqlite"),
    ],
)
def test_urls_are_mapped_to_the_installed_drivers(given, driver):
    assert parse_url(given).drivername == driver


@pytest.mark.parametrize(
    "given", ["", None, "mysql://u:hunter2@h/d", "postgresql+asyncpg://u:hunter2@h/d", "u:hunter2@h", "://"]
)
def test_other_urls_are_refused_without_repeating_them(given):
    with pytest.raises(DatabaseUrlError) as caught:
        parse_url(given)
    assert "hunter2" not in str(caught.value)


def test_sqlite_is_set_up_for_many_processes(open_database, sqlite_url):
    database = open_database(value=sqlite_url)
    assert ask(database, "PRAGMA journal_mode") == "wal"
    assert ask(database, "PRAGMA foreign_keys") == 1
    assert ask(database, "PRAGMA busy_timeout") == 5000


def test_foreign_keys_hold(open_database, database_url):
    database = open_database(value=database_url)
    orphan = "INSERT INTO jobs (reminder_id, run_at) VALUES ('x', '2026-01-01 00:00:00')"
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(text(orphan))


def test_a_write_that_fails_leaves_nothing(open_database, database_url):
    database = open_database(value=database_url)

    def half():
        with database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'x'"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with database.reading() as connection:
        assert schema_version(connection) == SCHEMA


def test_errors_of_a_statement_do_not_open_the_circuit(open_database, database_url):
    database = open_database(value=database_url)
    for _ in range(10):
        with pytest.raises(ZeroDivisionError), database.reading():
            raise ZeroDivisionError
    assert ask(database) == 1


def test_writers_wait_for_each_other(open_database, database_url):
    database = open_database(value=database_url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    failures = []

    def count():
        try:
            for _ in range(10):
                with database.writing() as connection:
                    connection.execute(text("UPDATE counter SET n = n + 1"))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert ask(database, "SELECT n FROM counter") == 60


def test_a_writer_of_sqlite_asks_again_and_again_and_gets_its_turn(open_database, sqlite_url):
    asked = []

    def trace(statement):
        if statement == "BEGIN IMMEDIATE":
            asked.append(statement)

    database, other = open_database(value=sqlite_url), open_database(value=sqlite_url)
    with database.reading() as connection:
        connection.connection.dbapi_connection.set_trace_callback(trace)
    done = threading.Event()

    def write():
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE turn (n INTEGER)"))
        done.set()

    with other.writing():
        waiting = threading.Thread(target=write)
        waiting.start()
        # SQLite alone would hold the one statement for as long as it waits.
        wait_until(lambda: len(asked) >= 5, 1, "asking again")
        assert not done.is_set()
    waiting.join(10)
    assert done.is_set()
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 5000


def test_a_writer_that_never_gets_its_turn_is_told_by_sqlites_own_word(
    open_database, sqlite_url, monkeypatch
):
    monkeypatch.setattr("tomorrows.storage.database.BUSY_SECONDS", 0.1)
    database, other = open_database(value=sqlite_url), open_database(value=sqlite_url)
    with other.writing(), pytest.raises(DatabaseUnavailable, match="SQLITE_BUSY"), database.writing():
        raise AssertionError("two writers at once")


def test_writers_of_sqlite_write_in_the_order_of_their_coming(open_database, sqlite_url):
    database = open_database(value=sqlite_url)
    order, threads = [], []

    def write(number):
        with database.writing():
            order.append(number)

    with database.writing():
        for number in range(8):
            threads.append(threading.Thread(target=write, args=(number,)))
            threads[-1].start()
            wait_until(lambda number=number: len(database._turns._waiting) > number)
        # Those who only read wait for nobody.
        assert ask(database) == 1
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_a_writer_whose_turn_does_not_come_is_told_so(open_database, sqlite_url, monkeypatch):
    monkeypatch.setattr("tomorrows.storage.database.BUSY_SECONDS", 0.05)
    database = open_database(value=sqlite_url)
    said = []

    def write():
        try:
            with database.writing():
                said.append("written")
        except DatabaseUnavailable as error:
            said.append(str(error))

    with database.writing():
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert said == ["too many writes wait for the database: none came through within 0.05 s"]


def test_readers_run_side_by_side(open_database, database_url):
    """The circuit breaker must not put the threads in a row."""
    database, inside = open_database(value=database_url), threading.Barrier(3)

    def read():
        with database.reading() as connection:
            connection.execute(text("SELECT 1"))
            inside.wait(60)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not inside.broken


def test_an_outage_opens_the_circuit_and_its_end_closes_it(open_database, tmp_path, sqlite_url):
    file = tmp_path / "url"
    file.write_text("sqlite:////nonexistent/r.db")
    database = open_database(file=file)
    for _ in range(6):
        with pytest.raises(DatabaseUnavailable) as caught:
            ask(database)
    assert "failed repeatedly" in str(caught.value)
    file.write_text(sqlite_url)
    wait_until(lambda: _answers(database), 10, "the circuit closing")


def _answers(database):
    try:
        return ask(database) == 1
    except DatabaseUnavailable:
        return False


def test_a_missing_url_file_is_an_outage_with_its_name(open_database, tmp_path):
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL_FILE names"):
        ask(open_database(file=tmp_path / "absent"))


def test_another_kind_of_database_needs_a_restart(open_database, tmp_path, sqlite_url):
    file = tmp_path / "url"
    file.write_text(sqlite_url)
    database = open_database(file=file)
    ask(database)
    file.write_text("postgresql://u:hunter2@127.0.0.1/d")
    database.dispose()
    with pytest.raises(DatabaseUnavailable, match="needs a restart") as caught:
        ask(database)
    assert "hunter2" not in str(caught.value)


def test_a_restarted_server_is_found_again(open_database, postgres):
    database = open_database(value=postgres.url())
    ask(database)
    postgres.stop()
    assert not _answers(database)
    postgres.start()
    wait_until(lambda: _answers(database), 15, "the server being found again")


def test_nobody_listening_is_an_outage(open_database):
    with pytest.raises(DatabaseUnavailable):
        ask(open_database(value=f"postgresql://u:hunter2@127.0.0.1:{free_port()}/d"))


def test_a_statement_has_its_limit(open_database, postgres):
    database = open_database(value=postgres.url())
    assert ask(database, "SHOW statement_timeout") == "5s"
    assert ask(database, "SHOW lock_timeout") == "5s"
    assert ask(database, "SHOW timezone") == "UTC"


def test_a_frozen_server_cannot_hold_a_thread(open_database, postgres, monkeypatch):
    monkeypatch.setattr("tomorrows.storage.database.TRANSACTION_SECONDS", 0.5)
    database = open_database(value=postgres.url())
    ask(database)
    ended = threading.Event()

    def work():
        try:
            with database.reading() as connection:
                postgres.freeze()
                connection.execute(text("SELECT 1"))
        except DatabaseUnavailable:
            ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ended.wait(100)
    finally:
        postgres.thaw()
        thread.join(60)
    wait_until(lambda: _answers(database), 15, "recovery")


def test_an_instant_without_a_zone_never_reaches_the_database(open_database, sqlite_url):
    from datetime import datetime

    from sqlalchemy.dialects import sqlite

    with pytest.raises(ValueError, match="without a zone"):
        Instant().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())


def test_an_exhausted_pool_is_an_outage_soon(open_database, sqlite_url, monkeypatch):
    database = Database(Secret("DATABASE_URL", value=sqlite_url), pool_size=1)
    database._connected().pool._max_overflow = 0
    database._connected().pool._timeout = 0.2
    with (
        database.reading(),
        pytest.raises(DatabaseUnavailable, match="pool is exhausted"),
        database.reading(),
    ):
        pass
    database.dispose()
