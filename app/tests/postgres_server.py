"""A real PostgreSQL for the tests: loopback only, in a temporary folder, as an unprivileged user."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
from app_support import free_port

from tomorrows.storage.tables import SCHEMA

PASSWORD = "first-password"


def find_programs():
    """Give the folder of initdb and postgres, or None."""
    candidates = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(
        (each for each in candidates if (each / "initdb").exists() and (each / "postgres").exists()), None
    )


class Postgres:
    def __init__(self, programs):
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="tomorrows-pg-"))
        self.port = free_port()
        self.process = None
        self.made = 0
        self.shared = None
        self.identity = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}

    def create(self):
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [
            self.programs / "initdb",
            "-D",
            self.folder / "data",
            "-U",
            "owner",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        command += ["--auth=scram-sha-256", f"--pwfile={secret}"]
        subprocess.run(
            command, env=self.environment, cwd=self.folder, check=True, capture_output=True, **self.identity
        )
        self.start()

    def start(self):
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": self.port,
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": 60,
            "shared_buffers": "16MB",
        }
        command = [self.programs / "postgres", "-D", self.folder / "data"]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.identity,
            )
        deadline = time.monotonic() + 90
        while True:
            try:
                self.run("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.05)

    def url(self, database="postgres", user="owner", password=PASSWORD):
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, statement):
        with psycopg.connect(self.url(), autocommit=True, connect_timeout=3) as connection:
            connection.execute(statement)

    def database(self, template="template1"):
        self.made += 1
        name = f"test_{self.made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def emptied(self):
        """Give the URL of the one migrated database that tests share in turn, as if it were new."""
        if self.shared is None:
            self.shared = self.database("migrated")
            return self.url(self.shared)
        self.run(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{self.shared}'"
        )
        with psycopg.connect(self.url(self.shared), autocommit=True, connect_timeout=3) as connection:
            connection.execute("TRUNCATE reminders, jobs, idempotency_keys")
            connection.execute("UPDATE alembic_version SET version_num = %s", (SCHEMA,))
            connection.execute("DROP TABLE IF EXISTS counter")
        return self.url(self.shared)

    def freeze(self):
        # Each backend leads a process group of its own, so the tree is walked.
        for process in self._tree():
            process.suspend()

    def thaw(self):
        for process in self._tree():
            process.resume()

    def _tree(self):
        leader = psutil.Process(self.process.pid)
        return [leader, *leader.children(recursive=True)]

    def stop(self, number=signal.SIGINT):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
