"""Passwords of the database that are rotated, refused or wrong: nobody restarts, and none is repeated."""

import threading
import time

import pytest
from app_support import ask
from sqlalchemy import text

from tomorrows.storage.database import DatabaseUnavailable


def test_a_rotated_password_needs_no_restart(open_database, postgres, tmp_path):
    postgres.run("CREATE ROLE rotating LOGIN PASSWORD 'one'")
    file = tmp_path / "url"
    file.write_text(postgres.url(user="rotating", password="one"))
    database = open_database(file=file)
    assert ask(database, "SELECT current_user") == "rotating"
    postgres.run("ALTER ROLE rotating PASSWORD 'two'")
    file.write_text(postgres.url(user="rotating", password="two"))
    # The old session ends, as in a failover; the next request connects with what the file says now.
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotating'")
    assert ask(database, "SELECT current_user") == "rotating"


def rotating(postgres, tmp_path, name="rotating"):
    """A role, and the file that holds its URL."""
    postgres.run(f"CREATE ROLE {name} LOGIN PASSWORD 'one'")
    file = tmp_path / "url"
    file.write_text(postgres.url(user=name, password="one"))
    return file


def side_by_side(database, threads=8, times=5):
    """Ask from more threads than there are connections; return what was refused."""
    refused = []

    def go():
        for _ in range(times):
            try:
                ask(database, "SELECT pg_sleep(0.01)::text")
            except DatabaseUnavailable as error:
                refused.append(str(error))

    running = [threading.Thread(target=go) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
    return refused


def test_between_a_rotation_and_its_file_the_open_connections_serve_all(open_database, postgres, tmp_path):
    file = rotating(postgres, tmp_path, "between")
    database = open_database(file=file)
    before = ask(database, "SELECT pg_backend_pid()")
    postgres.run("ALTER ROLE between PASSWORD 'two'")
    assert side_by_side(database) == []
    assert ask(database, "SELECT pg_backend_pid()") == before
    file.write_text(postgres.url(user="between", password="two"))
    assert side_by_side(database) == []


def test_users_that_alternate_leave_no_moment_without_a_password(open_database, postgres, tmp_path):
    file = rotating(postgres, tmp_path, "one_of_two")
    postgres.run("CREATE ROLE two_of_two LOGIN PASSWORD 'new'")
    postgres.run("CREATE ROLE of_both")
    postgres.run("GRANT of_both TO one_of_two, two_of_two")
    postgres.run("GRANT CREATE ON SCHEMA public TO of_both")
    for name in ("one_of_two", "two_of_two"):
        postgres.run(f"ALTER ROLE {name} SET role = of_both")
    database = open_database(file=file)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE of_both_users (n INTEGER)"))
    file.write_text(postgres.url(user="two_of_two", password="new"))
    # Whoever still has the first user is served, and so is everybody new.
    assert side_by_side(database) == []
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'one_of_two'")
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE of_both_users ADD COLUMN m INTEGER"))
    assert ask(database, "SELECT session_user") == "two_of_two"
    with database.writing() as connection:
        connection.execute(text("DROP TABLE of_both_users"))


def test_an_old_connection_is_replaced_only_where_another_can_be_had(
    open_database, postgres, tmp_path, monkeypatch
):
    file = rotating(postgres, tmp_path, "ageing")
    database = open_database(file=file)
    before = ask(database, "SELECT pg_backend_pid()")
    monkeypatch.setattr("tomorrows.storage.database.RECYCLE_SECONDS", 0.0)
    postgres.run("ALTER ROLE ageing PASSWORD 'two'")
    assert ask(database, "SELECT pg_backend_pid()") == before
    file.write_text(postgres.url(user="ageing", password="two"))
    monkeypatch.setattr("tomorrows.storage.database.RECYCLE_SECONDS", 0.3)
    time.sleep(0.3)
    assert ask(database, "SELECT pg_backend_pid()") != before


def test_a_wrong_password_with_nothing_open_is_told_and_not_waited_for(open_database, postgres, monkeypatch):
    monkeypatch.setattr("tomorrows.storage.database.OPEN_SECONDS", 3600.0)
    with pytest.raises(DatabaseUnavailable, match="refused user or password"):
        ask(open_database(value=postgres.url(password="hunter2")))


def test_a_wrong_password_is_an_outage_that_does_not_repeat_it(open_database, postgres):
    with pytest.raises(DatabaseUnavailable) as caught:
        ask(open_database(value=postgres.url(password="hunter2")))
    assert "hunter2" not in str(caught.value)
