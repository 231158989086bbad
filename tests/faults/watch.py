"""Looks on while something dies: requests through the router, and processes by their marks."""

import http.client
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from flaskship.engines.local.processes import proc

REQUEST_SECONDS = 20.0
PAUSE = 0.01
LOOK_EVERY = 8


class Watch:
    """A context: one client that asks again and again, and a look at the marked processes in between."""

    def __init__(self, project: str, url: str | None, mine: Callable[[], set[str]]) -> None:
        self._project, self._url, self._mine = project, url, mine
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0
        self.failed: list[str] = []
        self.doubles: set[str] = set()
        self.most = 0

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(REQUEST_SECONDS * 2)
        self._look()

    def _run(self) -> None:
        turn = 0
        while not self._stop.is_set():
            if turn % LOOK_EVERY == 0:
                self._look()
            if self._url is not None:
                self._ask(self._url)
            turn += 1
            time.sleep(PAUSE)

    def _look(self) -> None:
        found = proc.marked_pids(self._project)
        self.doubles |= {uid for uid, pids in found.items() if len(pids) > 1}
        self.most = max(self.most, len({uid.split(".")[0] for uid in found} & self._mine()))

    def _ask(self, url: str) -> None:
        self.sent += 1
        said = ask(url)
        if said[0] != 200:
            self.failed.append(f"{time.time():.3f} {said[1].strip()}")


def ask(url: str) -> tuple[int, str]:
    """One request over a connection of its own; 0 where there was no answer."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=REQUEST_SECONDS)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
