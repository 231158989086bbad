"""The real applications, API and Worker on SQLite, with reminders that fall due while something dies."""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stand import API, ENVIRONMENT, Stand, lay_out
from tests.faults.results import Seen
from tests.faults.town import PATIENCE, Town
from tests.integration.stories.clients import Receiver, due
from tests.integration.stories.project import free_node_port

from flaskship.engines.local.engine import LocalEngine
from flaskship.engines.local.processes.proc import marked_pids
from flaskship.model.snapshot import ReplicaPhase, ReplicaSnapshot
from flaskship.tasks.carry_out import going_back

WORKER = "my-tomorrows-worker"
SETS = tuple(
    f"applications.{name}.enabled=false" for name in ("my-tomorrows-admin", "my-tomorrows-monitoring")
)
ENTRY = "  {name}:\n    enabled: true\n"
MORE = '    webhooks: {allow: [127.0.0.1]}\n    env: {WORKER_LEASE_SECONDS: "2"}\n'
BEFORE, AFTER = 15, 15
"""How many reminders are acknowledged before the fault, and after it, at least."""
PAUSE = 0.03
REQUEST_SECONDS = 20.0


@dataclass(frozen=True)
class Heard:
    """What the user was told of a fault, and how soon."""

    code: str
    sentence: str
    seconds: float


Harm = Callable[["Shop"], Awaitable[str | Heard]]


class Shop:
    """The project, and what can be seen of it from outside."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.town = Town(stand.root, "")
        self._turn = 0

    @classmethod
    async def open(cls, folder: Path) -> "Shop":
        port = free_node_port()
        stand = Stand(lay_out(str(folder), port), port)
        values = stand.root / "infra/helmchart/values-bench.yaml"
        text = values.read_text()
        for name in (API, WORKER):
            assert ENTRY.format(name=name) in text
            text = text.replace(ENTRY.format(name=name), ENTRY.format(name=name) + MORE)
        values.write_text(text)
        shop = cls(stand)
        await stand.build()
        await shop.turn()
        # A second revision: there is one to go back to, whichever test comes first.
        await shop.turn()
        await stand.engine.close()
        return shop

    @contextlib.asynccontextmanager
    async def opened(self):  # type: ignore[no-untyped-def]
        """An engine of this test's own loop."""
        self.stand.engine = LocalEngine(self.stand.root)
        try:
            yield
        finally:
            await self.stand.engine.close()

    async def turn(self) -> None:
        """Update both applications: every replica is replaced."""
        self._turn += 1
        turns = (f"applications.{name}.env.TURN=n{self._turn}" for name in (API, WORKER))
        await self.stand.move(self.stand.render(*SETS, *turns))

    async def back(self) -> None:
        """Go back to the revision before the last one."""
        number = (await self.stand.engine.history(ENVIRONMENT))[-2].number
        old = await self.stand.engine.recall(ENVIRONMENT, number)
        await self.stand.move(going_back(old, old.provenance, number, "faults"))

    async def worker(self) -> ReplicaSnapshot:
        """The Worker's replica, as it is now."""
        snapshot = await self.stand.engine.observe(ENVIRONMENT)
        workload = next(one for one in snapshot.workloads if one.name == WORKER)
        return next(one for one in workload.replicas if one.phase is not ReplicaPhase.TERMINATING)

    async def close(self) -> None:
        self.stand.engine = LocalEngine(self.stand.root)
        await self.town.close()


class Customers:
    """A context: one client that creates reminders again and again; those that were acknowledged count."""

    def __init__(self, port: int, webhook: str) -> None:
        self._port, self._webhook = port, webhook
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.acknowledged: list[str] = []
        self.failed: list[str] = []

    def __enter__(self) -> "Customers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(REQUEST_SECONDS * 2)

    @property
    def sent(self) -> int:
        return len(self.acknowledged) + len(self.failed)

    def _run(self) -> None:
        while not self._stop.is_set():
            number = self.sent
            later = (0.1, 0.5, 1.0, 2.0)[number % 4]
            self._create(
                {"message": f"number {number}", "due_at": due(seconds=later), "webhook": self._webhook}
            )
            time.sleep(PAUSE)

    def _create(self, reminder: dict[str, str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_SECONDS)
        try:
            connection.request(
                "POST", "/reminders", json.dumps(reminder), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            body = answer.read().decode()
            if answer.status == 201:
                self.acknowledged.append(json.loads(body)["id"])
            else:
                self.failed.append(f"{answer.status} {body.strip()}")
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()


async def during(shop: Shop, harm: Harm) -> tuple[Seen, Customers]:
    """Do it while reminders are created and delivered; wait for the last one, and count what never came."""
    with receiving() as receiver:
        with Customers(shop.stand.port, receiver.url) as customers:
            await shop.town.until(lambda: len(customers.acknowledged) >= BEFORE, what="reminders before")
            begun = time.monotonic()
            found = await harm(shop)
            seconds = time.monotonic() - begun
            since = len(customers.acknowledged)
            await shop.town.until(
                lambda: len(customers.acknowledged) >= since + AFTER, what="reminders after"
            )
        missing = set(customers.acknowledged)
        limit = time.monotonic() + PATIENCE
        while (missing := missing - receiver.ids.keys()) and time.monotonic() < limit:
            await asyncio.sleep(0.05)
        twice = sum(count > 1 for count in receiver.ids.values())
    heard = found if isinstance(found, Heard) else Heard("none", f"{found}; every reminder arrives", seconds)
    said = heard.sentence + (f", {twice} of them twice under one key" if twice else "")
    seen = Seen(
        heard.code,
        said,
        heard.seconds,
        customers.sent,
        len(customers.failed),
        len(customers.acknowledged),
        len(missing),
    )
    return seen, customers


async def worker_dies(shop: Shop) -> str:
    before = await shop.worker()
    pids = [
        p
        for uid, pids in marked_pids(str(shop.stand.root)).items()
        if uid.startswith(before.uid)
        for p in pids
    ]
    assert pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    limit = time.monotonic() + PATIENCE
    while not ((now := await shop.worker()).restarts == before.restarts + 1 and now.ready):
        assert time.monotonic() < limit, now
        await asyncio.sleep(0.05)
    return "the Worker is started again"


def daemon_dies(role: str) -> Harm:
    async def harm(shop: Shop) -> str:
        pid = shop.town.daemon(role)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await shop.town.until(lambda: shop.town.daemon(role) not in (None, pid))
        return f"the {role} is started again"

    return harm


async def updates(shop: Shop) -> str:
    await shop.turn()
    return "both applications are updated"


async def goes_back(shop: Shop) -> str:
    await shop.back()
    return "both applications are what they were"
