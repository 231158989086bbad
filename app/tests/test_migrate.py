"""Migrations on both databases: once, twice, at once, from the future, and without a database."""

import os
import subprocess
import sys
import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from app_support import APP, free_port
from postgres_server import Postgres
from sqlalchemy import text

from tomorrows.migrate import MigrationFailed, _lock, main, migrate
from tomorrows.secrets_source import Secret
from tomorrows.storage.database import Database, make_engine, schema_version
from tomorrows.storage.tables import SCHEMA, metadata


def start(url, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "tomorrows.migrate"],
        cwd=APP,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "DATABASE_URL": url, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_constant_is_the_newest_revision():
    config = Config()
    config.set_main_option("script_location", str(APP / "tomorrows/migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA


def test_the_migrated_schema_is_the_one_of_the_tables(empty_url):
    assert migrate({"DATABASE_URL": empty_url}) == SCHEMA
    engine = make_engine(Secret("DATABASE_URL", empty_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_second_run_changes_nothing(empty_url):
    assert migrate({"DATABASE_URL": empty_url}) == migrate({"DATABASE_URL": empty_url}) == SCHEMA


def test_two_at_once_both_succeed(empty_url):
    children = [start(empty_url) for _ in range(2)]
    for child in children:
        out, err = child.communicate(timeout=110)
        assert (child.returncode, out, err) == (0, f"tomorrows.migrate: the schema is at {SCHEMA}\n", "")


def test_an_older_image_accepts_a_newer_schema(database_url):
    database = Database(Secret("DATABASE_URL", database_url))
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrate({"DATABASE_URL": database_url}) == "9999"
    with database.reading() as connection:
        assert schema_version(connection) == "9999"
    database.dispose()


def test_an_unreachable_server_is_told_at_once_and_is_exit_1_within_the_limit():
    child = start(f"postgresql://owner:hunter2@127.0.0.1:{free_port()}/x", MIGRATE_TIMEOUT="1.5")
    out, err = child.communicate(timeout=110)
    assert child.returncode == 1
    assert out == ""
    first, last = err.splitlines()
    assert first.startswith("tomorrows.migrate: the database cannot be reached")
    assert first.endswith("; trying again for 1.5 s (MIGRATE_TIMEOUT)")
    assert last.startswith("tomorrows.migrate: the database cannot be reached")
    assert last.endswith("; gave up after 1.5 s (MIGRATE_TIMEOUT)")
    assert "hunter2" not in err


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATABASE_URL": "mysql://h/d"}, "use postgresql:// or sqlite:///"),
        ({"DATABASE_URL": "not a url"}, "DATABASE_URL is not a URL"),
        ({"DATABASE_URL_FILE": "/nonexistent/url"}, "DATABASE_URL_FILE names /nonexistent/url"),
        ({"DATABASE_URL": "sqlite:////nonexistent/r.db"}, "its folder does not exist"),
        ({"MIGRATE_TIMEOUT": "soon"}, "MIGRATE_TIMEOUT must be a number"),
    ],
)
def test_a_wrong_setting_is_one_sentence(environment, words, monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_it_says_that_it_waits_for_a_server_that_comes_late(postgres):
    late = Postgres(postgres.programs)
    try:
        late.create()
        late.stop()
        child = start(late.url(), MIGRATE_TIMEOUT="90")
        assert "trying again for 90 s" in child.stderr.readline()
        assert child.poll() is None
        late.start()
        assert child.wait(100) == 0
        child.communicate()
    finally:
        late.remove()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"database": "nowhere"}, "the server has no such database"),
        ({"password": "hunter2"}, "the server refused user or password"),
        ({"user": "nobody"}, "the server refused user or password"),
    ],
)
def test_what_no_waiting_heals_on_a_server_ends_it_at_the_first_refusal(postgres, wrong, words, capsys):
    with pytest.raises(MigrationFailed) as refused:
        migrate({"DATABASE_URL": postgres.url(**wrong), "MIGRATE_TIMEOUT": "3600"})
    assert words in str(refused.value)
    assert not any(secret in str(refused.value) for secret in (*wrong.values(), "password@"))
    assert capsys.readouterr().err == ""


def test_what_no_waiting_heals_of_a_file_ends_it_at_the_first_refusal(tmp_path, capsys):
    (tmp_path / "noise.db").write_bytes(b"no database" * 1000)
    for path, words in (("none/x.db", "its folder does not exist"), ("noise.db", "is no SQLite database")):
        with pytest.raises(MigrationFailed, match=words):
            migrate({"DATABASE_URL": f"sqlite:///{tmp_path}/{path}", "MIGRATE_TIMEOUT": "3600"})
    assert capsys.readouterr().err == ""


def test_a_held_lock_ends_in_a_sentence(empty_url):
    engine = make_engine(Secret("DATABASE_URL", empty_url))
    with (
        engine.connect() as connection,
        _lock(connection, engine.url.database, time.monotonic() + 5),
        pytest.raises(MigrationFailed, match="another migration holds the lock"),
    ):
        migrate({"DATABASE_URL": empty_url, "MIGRATE_TIMEOUT": "0.3"})
    engine.dispose()
    assert migrate({"DATABASE_URL": empty_url}) == SCHEMA


def test_a_migration_that_cannot_go_on_says_so(empty_url):
    engine = make_engine(Secret("DATABASE_URL", empty_url))
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE reminders (id INTEGER)"))
        connection.commit()
    engine.dispose()
    with pytest.raises(MigrationFailed, match="stopped half-way"):
        migrate({"DATABASE_URL": empty_url, "MIGRATE_TIMEOUT": "2"})
