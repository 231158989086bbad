"""Which revision of a release is looked at, and what its manifest says should be there."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from flaskship.engines.kubernetes import records, storage
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.observing.observed import Target
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.storage import UNANSWERED, HelmRevision, Status
from flaskship.model.release import Document
from flaskship.model.snapshot import Phase, Problem, ReleaseState, Snapshot

REFUSED = "ReleaseRefused"
WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "DaemonSet", "Job")


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found for one state of one Secret of Helm."""

    resource_version: str
    expected: tuple[tuple[str, str], ...]


class Targets:
    """Finds the newest revision of a release, and remembers what its manifest has."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[str, _Known] = {}
        self._stopped: dict[str, ReleaseState | None] = {}

    async def find(self, place: Place) -> Target:
        """Return what is to be looked at now."""
        revisions, known = await asyncio.gather(
            storage.revisions(self._cluster, place), records.read(self._cluster, place)
        )
        self._stopped.pop(place.environment, None)
        if not revisions:
            return Target(place.environment, place.namespace, place.release)
        newest = revisions[-1]
        state = release_state(place, revisions, known)
        if newest.status is Status.FAILED:
            state = replace(state, problem=await self._refusal(place, newest))
        if newest.status in (Status.UNINSTALLED, Status.UNINSTALLING):
            self._stopped[place.environment] = state
            return Target(place.environment, place.namespace, place.release)
        expected = await self._expected(place, newest)
        settled = newest.status in (Status.DEPLOYED, Status.SUPERSEDED)
        return Target(place.environment, place.namespace, place.release, state, expected, settled)

    def stopped(self, place: Place) -> ReleaseState | None:
        """Return the state of a release that was removed, as the last find saw it."""
        return self._stopped.get(place.environment)

    def forget(self, environment: str) -> None:
        """Something of ours was written: look again."""
        self._known.pop(environment, None)

    async def _refusal(self, place: Place, newest: HelmRevision) -> Problem:
        try:
            said = (await storage.stored(self._cluster, place, newest.number)).description
        except NotFoundError:
            said = "it is gone"
        if said.endswith(storage.GIVEN_UP):
            why = said.removesuffix(f"; {storage.GIVEN_UP}")
            return Problem(
                UNANSWERED,
                f"Helm began revision {newest.number} and did not end it: {why}. What it applied may be "
                "incomplete.",
            )
        message = (
            f"Helm could not apply all of revision {newest.number}: {said.rstrip('.')}. "
            "Correct what it names and deploy again."
        )
        return Problem(REFUSED, message)

    async def _expected(self, place: Place, newest: HelmRevision) -> tuple[tuple[str, str], ...]:
        known = self._known.get(place.environment)
        if known is None or known.resource_version != newest.resource_version:
            try:
                stored = await storage.stored(self._cluster, place, newest.number)
            except NotFoundError:
                return ()
            known = _Known(newest.resource_version, workloads_of(stored.documents))
            self._known[place.environment] = known
        return known.expected


def release_state(
    place: Place, revisions: tuple[HelmRevision, ...], known: dict[int, records.Record]
) -> ReleaseState:
    """Return the newest revision with what it came to, if that is known."""
    newest = revisions[-1]
    record = records.record_of(newest, known)
    return ReleaseState(
        name=place.release,
        revision=newest.number,
        previous=revisions[-2].number if len(revisions) > 1 else None,
        outcome=record.verdict.outcome if record is not None and record.verdict else None,
        applied_at=record.at if record is not None else newest.at,
    )


def workloads_of(documents: Iterable[Document]) -> tuple[tuple[str, str], ...]:
    """Return kind and name of each workload that a manifest has."""
    return tuple(
        (str(one["kind"]), str(one["metadata"]["name"])) for one in documents if one.get("kind") in WORKLOADS
    )


def as_stopped(seen: Snapshot, state: ReleaseState | None) -> Snapshot:
    """Return the snapshot of a removed release: it ran once, and does not run now."""
    if state is None:
        return seen
    return replace(seen, release=state, phase=Phase.STOPPED, workloads=())
