"""Fetches the evidence that objects do not carry: last lines of runs, and answers of probes in full."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import RefusedError
from flaskship.engines.kubernetes.observing.observed import AnswerKey, Evidence, LogKey
from flaskship.engines.kubernetes.observing.wanted import WantedAnswer, WantedLog

LINES = 60
SECONDS = 3.0
FRESH_SECONDS = 5.0
"""How long what is still being written, or may be answered otherwise, is good enough."""
TRIES = 3
AGAIN_SECONDS = 0.3
AT_ONCE = 4
LONGEST_ANSWER = 2048


class Witness(Protocol):
    """Whom evidence is asked of."""

    async def lines(self, want: WantedLog, count: int) -> tuple[str, ...]:
        """Return the last lines of a run."""
        ...

    async def answer(self, want: WantedAnswer) -> str | None:
        """Return what the probe is answered; None where it cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class ClusterWitness:
    """Asks the cluster: the kubelet for logs, and the pod itself through the API server."""

    cluster: Cluster
    namespace: str

    async def lines(self, want: WantedLog, count: int) -> tuple[str, ...]:
        """Return the last lines of a run."""
        stream = self.cluster.logs(
            want.pod, self.namespace, container=want.container, tail=count, previous=want.previous
        )
        return tuple([line async for line in stream])

    async def answer(self, want: WantedAnswer) -> str | None:
        """Ask what the kubelet asks, through the API server; None where that cannot be done."""
        import httpx2

        scheme = f"{want.scheme}:" if want.scheme == "https" else ""
        path = (
            f"/api/v1/namespaces/{self.namespace}/pods/{scheme}{want.pod}:{want.port}/proxy"
            f"/{want.path.lstrip('/')}"
        )
        try:
            response = await self.cluster.session.get(
                self.cluster.address(path, {}), timeout=SECONDS, extensions=self.cluster.extensions
            )
        except httpx2.HTTPError:
            return None
        # The API server's own words come as a Status; the pod's come as they are.
        if b'"kind":"Status"' in response.content[:200].replace(b" ", b""):
            return None
        body = " ".join(response.content[:LONGEST_ANSWER].decode(errors="replace").split())
        head = f"{response.status_code} {response.reason_phrase}".strip()
        return f"{head}: {body}" if body else head


class Gatherer:
    """Keeps what was fetched, fetches what is missing, and forgets what nobody wants any more."""

    def __init__(self, witness: Witness, clock: Callable[[], float]) -> None:
        self._witness = witness
        self._clock = clock
        self._lines: dict[LogKey, tuple[str, ...]] = {}
        self._answers: dict[AnswerKey, str] = {}
        self._whole: set[LogKey] = set()
        self._asked: dict[LogKey | AnswerKey, tuple[float, int]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def gather(self, wants: Iterable[WantedLog | WantedAnswer]) -> Evidence:
        """Return the evidence for these; one that cannot be had in time is left out."""
        known = {want.key: want for want in wants}
        self._lines = {key: kept for key, kept in self._lines.items() if key in known}
        self._answers = {key: kept for key, kept in self._answers.items() if key in known}
        self._asked = {key: kept for key, kept in self._asked.items() if key in known}
        self._whole &= known.keys()
        due = [want for want in known.values() if self._is_due(want)]
        await asyncio.gather(*(self._fetch(want) for want in due))
        return Evidence(dict(self._lines), dict(self._answers))

    def _is_due(self, want: WantedLog | WantedAnswer) -> bool:
        at, tries = self._asked.get(want.key, (0.0, 0))
        if isinstance(want, WantedLog) and want.ended:
            return want.key not in self._whole and tries < TRIES
        return self._clock() - at >= FRESH_SECONDS

    async def _fetch(self, want: WantedLog | WantedAnswer) -> None:
        """Ask; for the log of a run that ended at once again, since it tells what the end was."""
        while True:
            _, tries = self._asked.get(want.key, (0.0, 0))
            self._asked[want.key] = (
                self._clock(),
                tries + 1 if isinstance(want, WantedLog) and want.ended else 0,
            )
            try:
                async with self._slots, asyncio.timeout(SECONDS):
                    if isinstance(want, WantedLog):
                        self._lines[want.key] = await self._witness.lines(want, LINES)
                        if want.ended:
                            self._whole.add(want.key)
                    elif (answer := await self._witness.answer(want)) is not None:
                        self._answers[want.key] = answer
                return
            except (TimeoutError, RefusedError):
                if isinstance(want, WantedAnswer) or not want.ended or tries + 1 >= TRIES:
                    return  # a verdict without its log lines is still one
            await asyncio.sleep(AGAIN_SECONDS)
