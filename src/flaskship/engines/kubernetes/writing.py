"""Writing one revision through Helm: looked at before, recorded beside, never left half written by us."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.engines.kubernetes import records, storage
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.handing_over import go_on
from flaskship.engines.kubernetes.helm import HelmFailure, WriteUnansweredError
from flaskship.engines.kubernetes.images import images_by_application
from flaskship.engines.kubernetes.mixture import chart_of
from flaskship.engines.kubernetes.permissions import Permissions
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.preflight import Examined, examine
from flaskship.engines.kubernetes.records import Record
from flaskship.engines.kubernetes.storage import UNANSWERED, HelmRevision, Status
from flaskship.engines.kubernetes.succession import hold, unmark
from flaskship.model.errors import ConfigurationError, FlaskshipError, PreflightError
from flaskship.model.release import ChartSource, Document, Release
from flaskship.model.verdict import Cause, Outcome, Verdict

KEPT = 20
"""Revisions that Helm keeps, and we with it."""
SETTLE_SECONDS = 20.0
"""How long a Helm that somebody else's command left behind may take to end what it began."""
LOOK = 0.5
KILLED = "its writer was killed"
RunHelm = Callable[[str, str, str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is looked at for a release that is written next, and which revisions were there before that."""

    release: Release
    looking: "asyncio.Task[tuple[tuple[HelmRevision, ...], Examined]]"


class Writing:
    """Writes revisions of releases to one cluster; remarks are what could not be looked at before."""

    def __init__(
        self,
        cluster: Cluster,
        helm: RunHelm,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._cluster = cluster
        self.permissions = Permissions(cluster)
        self._helm = helm
        self._clock = clock
        self._sleep = sleep
        self._ahead: dict[str, _Ahead] = {}
        self.remarks: tuple[str, ...] = ()

    def remark(self, unseen: Iterable[str]) -> None:
        """Keep what could not be looked at, each once."""
        self.remarks += tuple(one for one in unseen if one not in self.remarks)

    def look_ahead(self, place: Place, release: Release) -> None:
        """Begin to examine what is written next."""
        if (other := self._ahead.pop(place.environment, None)) is not None:
            other.looking.cancel()
        looking = asyncio.ensure_future(self._examine_after(place, release))
        self._ahead[place.environment] = _Ahead(release, looking)

    async def close(self) -> None:
        """Let go of what was looked at for a write that never came."""
        ahead, self._ahead = self._ahead, {}
        for one in ahead.values():
            one.looking.cancel()
        await asyncio.gather(*(one.looking for one in ahead.values()), return_exceptions=True)

    async def attempt(self, place: Place, release: Release) -> int | None:
        """Write one revision and return its number; None where somebody else wrote at the same moment."""
        source = _source(release)
        before, found = await self._examined(place, release)
        found.insist(place, self._cluster.context)
        self.remark(found.warnings)
        number = before[-1].number + 1 if before else 1
        again = None if source.mixture else source.revision
        mark = secrets.token_hex(8) if again is None else _mark_of(before, again, place)
        record = Record(
            number,
            mark,
            # Whole seconds, as the cluster writes its own times.
            float(int(self._cluster.now())),
            release.provenance,
            images_by_application(release),
            dict(release.images),
        )
        await records.write(self._cluster, place, record)
        held = await hold(self._cluster, place, release.documents)
        refused, unanswered = "", None
        try:
            if source.mixture:
                await self._write_mixture(place, source, before, record, release.documents)
            else:
                await self._write(place, source, before, record)
        except HelmFailure as failure:
            refused = failure.detail
        except WriteUnansweredError as ended:
            unanswered = ended
        after = await storage.revisions(self._cluster, place)
        ours = next((one for one in after if (one.number, one.mark) == (number, mark)), None)
        if ours is not None:
            # Only now: before, Argo would lead the Services back to the pods of the template before.
            await go_on(self._cluster, place, found.handed_over)
            if unanswered is not None and ours.status.under_way:
                # Whoever wrote it is gone for certain: nothing is to be waited for.
                await storage.settle(self._cluster, place, number, unanswered.message)
            return number  # a failed one, too: its status says so
        if unanswered is not None and (not after or after[-1].number < number):
            await unmark(self._cluster, place, held)
            raise _nothing_written(unanswered, place)
        if refused and (not after or after[-1].number < number):
            await unmark(self._cluster, place, held)
            raise PreflightError(
                f"Helm refuses to write {place.release} to {self._cluster.context}: {refused}",
                hint="nothing was changed",
            )
        return None

    async def _examined(self, place: Place, release: Release) -> tuple[tuple[HelmRevision, ...], Examined]:
        """Return the revisions that are there and what was found; of this release no sooner than of them."""
        before = await self.settled(place)
        ahead = self._ahead.pop(place.environment, None)
        if ahead is not None:
            if ahead.release is release:
                known, found = await ahead.looking
                if known == before:
                    return before, found
            ahead.looking.cancel()
            await asyncio.gather(ahead.looking, return_exceptions=True)
        return before, await self._examine(place, release)

    async def _examine_after(
        self, place: Place, release: Release
    ) -> tuple[tuple[HelmRevision, ...], Examined]:
        known = await storage.revisions(self._cluster, place)
        return known, await self._examine(place, release)

    async def _examine(self, place: Place, release: Release) -> Examined:
        # What ran before may run again, whatever the namespace says of it today: its pods may still be there.
        returning = release.provenance.rolled_back_to is not None
        return await examine(
            self._cluster,
            place,
            release.documents,
            hooks=release.hooks,
            pods=not returning,
            permissions=self.permissions,
        )

    async def _write(
        self, place: Place, source: ChartSource, before: tuple[HelmRevision, ...], record: Record
    ) -> None:
        if source.revision is not None:
            request: dict[str, Any] = {"revision": source.revision}
        else:
            gone = bool(before) and before[-1].status is Status.UNINSTALLED
            request = {
                "chart": source.path,
                "values": dict(source.values),
                "install": not before or gone,
                "replace": gone,
                "description": records.description(record.provenance),
                "labels": {storage.MARK: record.mark},
            }
        action = "apply" if source.revision is None else "rollback"
        request |= {"release": place.release, "max_history": KEPT}
        await self._helm(self._cluster.context, place.namespace, action, request)

    async def _write_mixture(
        self,
        place: Place,
        source: ChartSource,
        before: tuple[HelmRevision, ...],
        record: Record,
        documents: tuple[Document, ...],
    ) -> None:
        """Write objects that no single revision has, as an upgrade with a chart that renders them."""
        assert source.revision is not None
        content = await storage.content(self._cluster, place, source.revision)
        with chart_of(content, documents) as folder:
            await self._write(place, ChartSource(folder, content.get("config") or {}), before, record)

    async def settled(self, place: Place) -> tuple[HelmRevision, ...]:
        """Return the revisions once none is being written; one that nobody finishes is marked as failed."""
        until = self._clock() + SETTLE_SECONDS
        while True:
            known = await storage.revisions(self._cluster, place)
            if not known or not known[-1].status.under_way:
                return known
            if self._clock() >= until:
                await self._give_up(place, known[-1])
                until = self._clock() + SETTLE_SECONDS
            await self._sleep(LOOK)

    async def _give_up(self, place: Place, revision: HelmRevision) -> None:
        """Mark a revision that nobody finishes as failed, in Helm's history and in ours."""
        if not await storage.settle(self._cluster, place, revision.number, KILLED):
            return
        record = records.record_of(revision, await records.read(self._cluster, place))
        if record is not None and record.verdict is None:
            cause = Cause(UNANSWERED, f"{KILLED}; {storage.GIVEN_UP}")
            failed = records.concluded(record, Verdict(Outcome.FAILED, (cause,)), None, {})
            await records.write(self._cluster, place, failed)

    async def forget_old(self, place: Place) -> None:
        """Helm drops its oldest revisions; our records go with them."""
        known, revisions = await asyncio.gather(
            records.read(self._cluster, place), storage.revisions(self._cluster, place)
        )
        oldest = revisions[0].number if revisions else 0
        for number in known:
            if number < oldest:
                await records.forget(self._cluster, place, number)


def _nothing_written(unanswered: WriteUnansweredError, place: Place) -> FlaskshipError:
    """A Helm that a signal ended is a failed write; one that ended by itself never began."""
    message = f"{unanswered.message}; no revision was written"
    if not unanswered.killed:
        return PreflightError(message, hint="see whether Helm loads here: flaskship doctor")
    unanswered.message = message
    unanswered.hint = f"nothing was changed; see: {place.command('history')}"
    unanswered.args = (message,)
    return unanswered


def _source(release: Release) -> ChartSource:
    if release.chart is None:
        raise ConfigurationError(
            f"{release.name} has objects and no chart, and this engine installs charts through Helm"
        )
    return release.chart


def _mark_of(known: tuple[HelmRevision, ...], number: int, place: Place) -> str:
    """A revision that Helm rolls back to hands its labels on: its mark is the new revision's, too."""
    for one in known:
        if one.number == number:
            return one.mark
    raise ConfigurationError(
        f"Helm keeps revision {number} of {place.release} no longer",
        hint=f"see: {place.command('history')}",
    )
