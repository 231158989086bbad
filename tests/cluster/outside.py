"""What stands outside of the cluster: the AWS API that the operator reads (moto), and a PostgreSQL with TLS.

Both listen on an address of this machine that pods reach; FLASKSHIP_TEST_OUTSIDE names it.
"""

import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ADDRESS = os.environ.get("FLASKSHIP_TEST_OUTSIDE", "10.99.0.1")
STORE_PORT = 5555
REGION = "us-west-2"


def require_address() -> None:
    """Leave the test out, with the reason, where the address is not this machine's."""
    try:
        with socket.socket() as probe:
            probe.bind((ADDRESS, 0))
    except OSError:
        pytest.skip(
            f"{ADDRESS} is no address of this machine: name one that pods reach, FLASKSHIP_TEST_OUTSIDE"
        )


@dataclass(frozen=True)
class Store:
    """AWS Secrets Manager, as moto has it."""

    url: str

    def ask(self, action: str, **content: Any) -> Mapping[str, Any]:
        scope = f"testing/20260101/{REGION}/secretsmanager/aws4_request"
        request = urllib.request.Request(
            self.url,
            json.dumps(content).encode(),
            {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"secretsmanager.{action}",
                "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: Mapping[str, Any] = json.load(answer)
        return found

    def put(self, name: str, **values: str) -> None:
        """Make or change an entry: its JSON holds the values."""
        text = json.dumps(values)
        try:
            self.ask("CreateSecret", Name=name, SecretString=text)
        except urllib.error.HTTPError:
            self.ask("PutSecretValue", SecretId=name, SecretString=text)


@contextlib.contextmanager
def running_store(folder: Path) -> Iterator[Store]:
    """The store; one that listens already is shared, since each test has entries of its own."""
    require_address()
    store = Store(f"http://{ADDRESS}:{STORE_PORT}")
    if answers(STORE_PORT):
        yield store
        return
    program = os.environ.get("FLASKSHIP_MOTO") or shutil.which(
        "moto_server", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    if program is None:
        pytest.skip("no moto_server here: install moto[server], or name it with FLASKSHIP_MOTO")
    with (folder / "moto.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-H", ADDRESS, "-p", str(STORE_PORT)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until(lambda: answers(STORE_PORT), 60, "moto answers")
        yield store
    finally:
        end(process)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((ADDRESS, port)) == 0


class Database:
    """A PostgreSQL that stands for the managed one: TLS, and a role whose password can be rotated."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.owner = secrets.token_urlsafe(12)
        with socket.socket() as probe:
            probe.bind((ADDRESS, 0))
            self.port: int = probe.getsockname()[1]
        self.identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        data = self.folder / "data"
        password = self.folder / "owner"
        password.write_text(self.owner)
        self.run(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=database",
            "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem",
        )  # fmt: skip
        for path in (self.folder, password, self.folder / "key.pem", self.folder / "cert.pem"):
            path.chmod(0o700 if path is self.folder else 0o600)
            if self.identity:
                os.chown(path, self.identity["user"], self.identity["group"])
        self.run(
            self.programs / "initdb", "-D", data, "-U", "owner", "--no-sync", "-E", "UTF8",
            "--auth=scram-sha-256", f"--pwfile={password}", **self.identity,
        )  # fmt: skip
        with (data / "pg_hba.conf").open("a") as access:
            access.write("hostssl all all 0.0.0.0/0 scram-sha-256\n")
        settings = {
            "listen_addresses": ADDRESS,
            "unix_socket_directories": "",
            "port": self.port,
            "ssl": "on",
            "ssl_cert_file": self.folder / "cert.pem",
            "ssl_key_file": self.folder / "key.pem",
            "fsync": "off",
            "max_connections": 100,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", data, *words],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.identity,
            )
        wait_until(lambda: answers(self.port), 60, "PostgreSQL answers")

    def run(self, *command: object, **identity: Any) -> None:
        words = [str(word) for word in command]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False, **identity)
        assert done.returncode == 0, done.stderr

    def say(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the owner."""
        import psycopg

        where = (
            f"host={ADDRESS} port={self.port} user=owner dbname=postgres sslmode=require connect_timeout=5"
        )
        with psycopg.connect(where, password=self.owner, autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return list(found.fetchall()) if found.description else []

    def refusals(self) -> int:
        """How many logins were refused so far, by the server's own log."""
        return (self.folder / "log").read_text(errors="replace").count("password authentication failed")

    def end_idle_sessions(self, user: str) -> int:
        """Have the server end every session of now that is idle, as it does by itself; return how many.

        To end one from outside could meet it at work: idle when it was looked at, and not any more when told.
        """
        mine = f"FROM pg_stat_activity WHERE usename = '{user}'"
        before = self.say(f"SELECT pid {mine}")
        self.say("ALTER SYSTEM SET idle_session_timeout = '300ms'")
        self.say("SELECT pg_reload_conf()")
        pids = ", ".join(str(pid) for (pid,) in before) or "0"
        wait_until(lambda: not self.say(f"SELECT 1 {mine} AND pid IN ({pids})"), 60, "idle sessions end")
        self.say("ALTER SYSTEM RESET idle_session_timeout")
        self.say("SELECT pg_reload_conf()")
        return len(before)

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            end(self.process)


@contextlib.contextmanager
def running_database(folder: Path) -> Iterator[Database]:
    require_address()
    found = [Path(one).resolve().parent for one in [shutil.which("initdb")] if one]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    programs = next((one for one in found if (one / "postgres").exists()), None)
    if programs is None:
        pytest.skip("no PostgreSQL server is installed here (initdb and postgres were looked for)")
    # pytest's own folders are closed to the user that PostgreSQL runs as.

    with tempfile.TemporaryDirectory(prefix="database-") as own:
        database = Database(Path(own), programs)
        try:
            database.start()
            yield database
        finally:
            database.end()


PASSWORD = "first+/password"


def here(name: str, path: str, database: Database, store: Store) -> dict[str, Any]:
    """Fill database and store for one release, and return the values that only this cluster needs."""
    database.say(f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'")
    database.say("CREATE DATABASE app OWNER app")
    rotate(path, database, store, PASSWORD)
    store.put(f"{path}/api", key="the-key")
    store.put(f"{path}/ui", password="the-ui-password")
    return {
        "secrets": {"external": {"path": path, "refreshInterval": "5s"}},
        "aws": {"roleArn": "arn:aws:iam::123456789012:role/my-app-eks-pod-role"},
        "networkPolicy": {"databaseCidrs": [f"{ADDRESS}/32"], "databasePort": database.port},
        # Cluster-wide names: another release of this cluster may own the usual ones.
        "priorityClasses": {"prefix": name},
    }


def rotate(path: str, database: Database, store: Store, password: str) -> None:
    """Change the role's password and its entry, as the managed database does it."""
    database.say(f"ALTER ROLE app PASSWORD '{password}'")
    where = {"host": ADDRESS, "port": str(database.port), "dbname": "app"}
    store.put(f"{path}/database", username="app", password=password, **where)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(true: Any, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.5)
