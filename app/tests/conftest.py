"""Fixtures: the same tests run on SQLite and on a real PostgreSQL server."""

import logging
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (str(HERE), str(HERE.parent)):
    if folder not in sys.path:
        sys.path.insert(0, folder)

from app_support import Clock, Server, settings  # noqa: E402
from postgres_server import Postgres, find_programs  # noqa: E402

from tomorrows.factory import create_app  # noqa: E402
from tomorrows.metrics import Metrics  # noqa: E402
from tomorrows.migrate import migrate  # noqa: E402
from tomorrows.runtime import Runtime  # noqa: E402
from tomorrows.secrets_source import Secret  # noqa: E402
from tomorrows.storage.database import Database  # noqa: E402


def pytest_sessionfinish():
    """Threads of a test may end after the last one: what they log then has no stream to go to any more."""
    logging.getLogger().handlers.clear()


@pytest.fixture(scope="session")
def postgres():
    """A running PostgreSQL with a migrated template database; skips with the reason where there is none."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed here (initdb and postgres were looked for)")
    server = Postgres(programs)
    try:
        server.create()
        server.run("CREATE DATABASE migrated")
        migrate({"DATABASE_URL": server.url("migrated")})
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate({"DATABASE_URL": f"sqlite:///{file}"})
    return file


@pytest.fixture
def sqlite_url(migrated_file, tmp_path):
    copy = tmp_path / "reminders.db"
    shutil.copy(migrated_file, copy)
    return f"sqlite:///{copy}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """A migrated database of each kind, without a row; PostgreSQL is emptied, which beats a new one."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    return request.getfixturevalue("postgres").emptied()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A fresh database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server = request.getfixturevalue("postgres")
    return server.url(server.database())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_runtime(clock):
    """Runtimes on a database URL, with a clock that stands still."""
    made = []

    def make(url, **environment):
        chosen = settings(DATABASE_URL=url, **environment)
        runtime = Runtime(chosen, Database(chosen.database_url), Metrics(), now=clock)
        made.append(runtime)
        return runtime

    yield make
    for runtime in made:
        runtime.database.dispose()


@pytest.fixture
def database(make_runtime, database_url):
    return make_runtime(database_url).database


@pytest.fixture
def make_client(make_runtime):
    """Flask test clients of a role."""

    def make(url, **environment):
        runtime = make_runtime(url, **environment)
        client = create_app(runtime.settings, runtime).test_client()
        client.runtime = runtime
        return client

    return make


@pytest.fixture
def serve(tmp_path):
    """Real gunicorn processes, killed at the end."""
    servers = []

    def start(role, *, wait=True, **environment):
        server = Server(role, tmp_path / f"{role}-{len(servers)}.log", **environment)
        servers.append(server)
        return server.start(wait=wait)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def open_database():
    opened = []

    def make(**source):
        database = Database(Secret("DATABASE_URL", **source))
        opened.append(database)
        return database

    yield make
    for database in opened:
        database.dispose()
