"""A password rotated in the store under load, by the real operator: nothing is lost, nothing restarts."""

import base64
import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cluster.outside import Database, Store, here, rotate, running_database, running_store, wait_until
from tests.cluster.plainly import Site, require_kinds, site

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]

API = "my-tomorrows-api"
FILE = "/run/secrets/my-app/database-url"
# The API alone, twice, where this machine reaches it: what rotates is the same for every application.
ALONE = {
    "my-tomorrows-api": {
        "autoscaling": {"enabled": False},
        "service": {"type": "NodePort"},
        "networkPolicy": {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]},
    },
    "my-tomorrows-worker": {"enabled": False},
    "my-tomorrows-admin": {"enabled": False},
}


class Load:
    """Writers and readers, each request on a connection of its own; what fails is kept with its answer."""

    def __init__(self, address: str, clients: int = 3) -> None:
        self.address = address
        self.answered = 0
        self.lost: list[str] = []
        self.moment = "before the rotation"
        self._stop, self._go_on = threading.Event(), threading.Event()
        self._go_on.set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._first = clients

    def __enter__(self) -> "Load":
        self.more(self._first)
        return self

    def __exit__(self, *_: object) -> None:
        self._go_on.set()
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def more(self, clients: int) -> None:
        """As many at once are more than have a connection to the database so far."""
        for _ in range(clients):
            self._threads.append(threading.Thread(target=self._go, args=(len(self._threads),)))
            self._threads[-1].start()

    @contextlib.contextmanager
    def silence(self) -> Iterator[None]:
        """Nobody asks for the length of the block."""
        self._go_on.clear()
        try:
            yield
        finally:
            self._go_on.set()

    def _go(self, number: int) -> None:
        due = datetime.now(UTC) + timedelta(days=30)
        reminder = {"message": "rotate", "due_at": due.isoformat(timespec="seconds")}
        while not self._stop.is_set():
            self._go_on.wait()
            content = json.dumps(reminder).encode() if number % 2 == 0 else None
            headers = {"X-API-Key": "the-key", "Content-Type": "application/json"}
            request = urllib.request.Request(f"{self.address}/reminders?limit=1", content, headers)
            moment, problem = self.moment, None
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    answer.read()
            except urllib.error.HTTPError as error:
                problem = f"{error.code} {error.read().decode(errors='replace')}"
            except OSError as error:
                problem = str(error)
            with self._lock:
                self.answered += problem is None
                self.lost += [f"{moment}: {request.get_method()}: {problem}"] if problem else []
            self._stop.wait(0.02)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, "rotation") as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with running_store(tmp_path) as made:
        yield made


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with running_database(tmp_path) as made:
        yield made


def pods(place: Site) -> list[str]:
    found = place.get("pods", "-l", f"app.kubernetes.io/name={API}")["items"]
    return [str(one["metadata"]["name"]) for one in found]


def ready_since(place: Site) -> dict[str, str]:
    """Each pod with the moment since when it is ready: one that was not for a while has a later one."""
    found = place.get("pods", "-l", f"app.kubernetes.io/name={API}")["items"]
    return {
        str(one["metadata"]["name"]): str(condition["lastTransitionTime"])
        for one in found
        for condition in one["status"]["conditions"]
        if condition["type"] == "Ready" and condition["status"] == "True"
    }


def mounted(place: Site, pod: str) -> str:
    """The URL that a pod reads at its next connection."""
    return place.kubectl(
        "exec", pod, "-c", API, "--", "python", "-c", f"print(open('{FILE}').read())"
    ).strip()


def test_a_rotated_password_loses_no_request_and_restarts_nothing(
    tmp_path: Path, place: Site, store: Store, database: Database
) -> None:
    require_kinds(place, "external-secrets.io/v1")
    path = f"{place.namespace}/my-app/staging"
    own = tmp_path / "here.yaml"
    own.write_text(json.dumps({**here(place.namespace, path, database, store), "applications": ALONE}))
    place.helm("install", "staging-apps", ".", "-f", "values-staging.yaml", "-f", str(own))
    place.wait(API)
    running, ready = pods(place), ready_since(place)
    port = place.get("service", API)["spec"]["ports"][0]["nodePort"]
    with Load(f"http://{place.node()}:{port}") as load:
        wait_until(lambda: load.answered > 50, 120, "the API answers under load")
        began = time.monotonic()
        load.moment = "the old password opens nothing, and no pod has the new one"
        rotate(path, database, store, "second:password@")
        load.more(9)
        secret = lambda: place.get("secret", "database-secret")["data"]["password"]  # noqa: E731
        wait_until(lambda: base64.b64decode(secret()) == b"second:password@", 120, "the operator fetched it")
        fetched = time.monotonic() - began
        for pod in running:
            wait_until(
                lambda pod=pod: "second%3Apassword%40" in mounted(place, pod), 240, f"{pod} has its file"
            )
        reached = time.monotonic() - began
        refusals = database.refusals()
        load.moment = "each pod has the new password"
        with load.silence():
            ended = database.end_idle_sessions("app")
        load.moment = "every old session has ended"
        since = load.answered
        wait_until(lambda: load.answered > since + 100, 120, "the API answers after the rotation")
    print(
        f"rotation: {load.answered} answered, {len(load.lost)} lost; in the Secret after {fetched:.1f} s,"
        f" in both pods after {reached:.1f} s; {refusals} logins refused meanwhile; {ended} sessions ended"
    )
    assert Counter(load.lost) == {}
    # Otherwise nobody needed a connection in the moment that the test is about, or after it.
    assert refusals > 0
    assert ended > 0
    assert pods(place) == running
    assert ready_since(place) == ready, "a pod left its Service for a while"
    items = place.get("pods", "-l", f"app.kubernetes.io/name={API}")["items"]
    assert {one["status"]["containerStatuses"][0]["restartCount"] for one in items} == {0}
    with pytest.raises(AssertionError, match=r"28P01|password authentication failed"):
        refused(database)


def refused(database: Database) -> None:
    """The old password opens nothing any more."""
    import psycopg
    from tests.cluster.outside import ADDRESS, PASSWORD

    where = f"host={ADDRESS} port={database.port} user=app dbname=app sslmode=require connect_timeout=5"
    try:
        psycopg.connect(where, password=PASSWORD).close()
    except psycopg.OperationalError as error:
        raise AssertionError(str(error)) from None
