"""The Kubernetes engine: Helm writes revisions; we lock, look before, watch, remember and clean up."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from flaskship.engines.base import Action, Doing, Lock, Need, Trial, Withdrawal
from flaskship.engines.kubernetes import records, storage
from flaskship.engines.kubernetes.chores import Chores, all_ended
from flaskship.engines.kubernetes.client import Cluster, create_or_find
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.forwarding import port_forward
from flaskship.engines.kubernetes.gathering import ClusterWitness
from flaskship.engines.kubernetes.happenings import events
from flaskship.engines.kubernetes.helm import Helm, HelmFailure, WriteUnansweredError
from flaskship.engines.kubernetes.images import running_digests
from flaskship.engines.kubernetes.keeping import prune, remove_all
from flaskship.engines.kubernetes.lease import Leases
from flaskship.engines.kubernetes.left_behind import notes_of, remove_left_behind
from flaskship.engines.kubernetes.lesser import READING, all_told, insist, to_read
from flaskship.engines.kubernetes.live import live_objects
from flaskship.engines.kubernetes.log_stream import read_logs
from flaskship.engines.kubernetes.needs import needs_of
from flaskship.engines.kubernetes.permitting import permit
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.readying import Readying
from flaskship.engines.kubernetes.records import Record
from flaskship.engines.kubernetes.resources import NAMESPACES
from flaskship.engines.kubernetes.steering import Stage, steer
from flaskship.engines.kubernetes.storage import HelmRevision, Status
from flaskship.engines.kubernetes.succession import let_go
from flaskship.engines.kubernetes.targets import Targets, as_stopped
from flaskship.engines.kubernetes.testing import Tests, hooks_of, run_tests, tests_of
from flaskship.engines.kubernetes.trying import remove_hooks
from flaskship.engines.kubernetes.watching import Watcher
from flaskship.engines.kubernetes.writing import KEPT, RunHelm, Writing
from flaskship.model.errors import ConfigurationError, FlaskshipError, LockedError, PreflightError
from flaskship.model.release import ChartSource, Document, Event, LogLine, Provenance, Release, Revision
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome, Receipt, Verdict

ATTEMPTS = 3
NAMESPACE_LABELS = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/audit": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


class KubernetesEngine:
    """Runs releases on one cluster; each environment is a release in a namespace."""

    name: ClassVar[str] = "kubernetes"
    local_images: ClassVar[bool] = False

    def __init__(
        self,
        cluster: Cluster,
        places: Iterable[Place],
        *,
        helm: RunHelm | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.cluster = cluster
        self._places = {place.environment: place for place in places}
        self._programs = Helm()
        self._helm = helm or self._programs.run
        self._clock = clock
        self._sleep = sleep
        self._leases = Leases(cluster, clock, sleep)
        self._targets = Targets(cluster)
        self._readying = Readying(cluster, sleep)
        self._chores = Chores()
        self._watchers: dict[str, Watcher] = {}
        self._writing = Writing(cluster, self._helm, clock, sleep)

    def foresee(self, environment: str) -> None:
        """Load Helm beside what comes before the write."""
        self._programs.foresee(self._place(environment).namespace)

    async def permit(
        self, environment: str, documents: Iterable[Document], doing: Doing = Doing.DEPLOY
    ) -> None:
        """Raise ForbiddenError for all that its user may not do of what this takes with these objects."""
        place, permissions = self._place(environment), self._writing.permissions
        missing = await permit(self.cluster, permissions, place, tuple(documents), doing)
        if doing in (Doing.DEPLOY, Doing.ABORT):
            self._writing.remark(missing.remarks())

    async def acquire(self, environment: str, owner: str, timeout: float) -> Lock:
        """Return the environment's lock, waiting up to timeout seconds; LockedError names the holder."""
        place = self._place(environment)
        if await self.cluster.find(NAMESPACES, place.namespace) is None:
            await create_or_find(self.cluster, NAMESPACES, _namespace(place))
        lock = await self._leases.acquire(place, owner, timeout)
        try:
            if self._leases.is_inherited(lock):
                lock = replace(lock, removed=await remove_left_behind(self.cluster, place))
        except BaseException:
            await self._leases.release(place, lock)
            raise
        return lock

    async def release(self, lock: Lock) -> None:
        """Give the lock back; doing it twice is harmless."""
        await self._leases.release(self._place(lock.environment), lock)

    async def withdraw(self, environment: str, wanted: Withdrawal) -> bool:
        """Ask whoever has the lock now, and tell whether anybody has it."""
        return await self._leases.withdraw(self._place(environment), wanted)

    async def withdrawn(self, lock: Lock) -> Withdrawal:
        """Return once somebody asks the holder of this lock, that is us."""
        return await self._leases.withdrawn(self._place(lock.environment), lock)

    async def lost(self, lock: Lock) -> LockedError:
        """Return once this lock is not ours any more: who has taken it."""
        return await self._leases.lost(self._place(lock.environment), lock)

    def look_ahead(self, release: Release) -> None:
        """Begin to look before the write of this release; apply goes on with what was found."""
        self._writing.look_ahead(self._place(release.environment), release)

    async def apply(self, release: Release, lock: Lock) -> int:
        """Start moving to the release and return its revision number; what would fail is refused before."""
        place = self._place(release.environment)
        await self._written(place)
        for _ in range(ATTEMPTS):
            await self._leases.check(place, lock)
            number = await self._writing.attempt(place, release)
            self._targets.forget(place.environment)
            if number is not None:
                await self._writing.forget_old(place)
                return number
        raise LockedError(
            f"{release.name} is being written to by something that takes no lock",
            hint=f"see: helm --kube-context {self.cluster.context} -n {place.namespace} "
            f"history {release.name}",
        )

    def remarks(self) -> tuple[str, ...]:
        """Return what the last apply could not look at before it wrote; each is told once."""
        told, self._writing.remarks = self._writing.remarks, ()
        return told

    async def conclude(
        self, environment: str, revision: int, verdict: Verdict, receipt: Receipt | None, lock: Lock
    ) -> None:
        """Record what the revision came to; after a success, what no replica can need any more goes."""
        place = self._place(environment)
        # Tests that wait are gone by then, also where the lock is lost: nobody would let them begin.
        _, known, *_ = await all_ended(
            self._leases.check(place, lock),
            records.read(self.cluster, place),
            self._readying.forgo(environment),
            self._chores.done(),
        )
        record = known.get(revision) or Record(revision, "", self.cluster.now(), Provenance(records.BY_HELM))
        if verdict.outcome is not Outcome.SUCCESSFUL:
            await records.write(self.cluster, place, records.concluded(record, verdict, receipt, {}))
            self._targets.forget(environment)
            await self._chores.all_done()
            return
        stored, digests = await asyncio.gather(
            storage.stored(self.cluster, place, revision), running_digests(self.cluster, place)
        )
        await records.write(self.cluster, place, records.concluded(record, verdict, receipt, digests))
        self._targets.forget(environment)
        # The lock is given back after this: an error of one leaves nothing at work beside the next writer.
        await all_ended(
            let_go(self.cluster, place, stored.documents, self._sleep),
            prune(self.cluster, place, stored.documents),
            self._chores.all_done(),
        )

    async def observe(self, environment: str) -> Snapshot:
        """Return everything at one instant; an environment never applied has no release."""
        place = self._place(environment)
        async with self._reading(place):
            seen = await self._watcher(place).observe(lambda: self._targets.find(place))
        return as_stopped(seen, self._targets.stopped(place))

    async def follow(self, environment: str) -> AsyncIterator[Snapshot]:
        """Yield a snapshot now and after every change, at least once a second, until the caller stops."""
        place = self._place(environment)
        watcher = self._watchers.setdefault(environment, self._watcher(place, keeps=True))
        async with aclosing(watcher.follow(lambda: self._targets.find(place))) as seen:
            async for snapshot in seen:
                yield as_stopped(snapshot, self._targets.stopped(place))

    async def steer(self, environment: str, workload: str, action: Action, lock: Lock | None) -> None:
        """Carry the action out on one workload, or start to."""
        place = self._place(environment)
        if lock is not None:
            await self._leases.check(place, lock)
        await self._written(place)
        known = await storage.revisions(self.cluster, place)
        if not known:
            raise ConfigurationError(f"{environment} has no workload {workload!r}: it was never deployed")
        now, before = await asyncio.gather(
            storage.stored(self.cluster, place, known[-1].number), self._earlier(place, known)
        )
        stage = Stage(self.cluster, place, now.documents, before, self.cluster.now())
        await steer(stage, workload, action)

    async def logs(
        self, environment: str, application: str | None, *, follow: bool = False, tail: int = 100
    ) -> AsyncIterator[LogLine]:
        """Yield the last lines of all replicas, then with follow the new ones across restarts."""
        place = self._place(environment)
        lines = read_logs(self.cluster, place.namespace, place.release, application, tail=tail, follow=follow)
        async with self._reading(place, logs=True), aclosing(lines):
            async for line in lines:
                yield line

    async def events(self, environment: str) -> tuple[Event, ...]:
        """Return what happened, oldest first."""
        place = self._place(environment)
        async with self._reading(place):
            return await events(self.cluster, place.namespace)

    async def history(self, environment: str) -> tuple[Revision, ...]:
        """Return the revisions, oldest first: Helm's, with what we know of each."""
        place = self._place(environment)
        async with self._reading(place):
            known, revisions = await asyncio.gather(
                records.read(self.cluster, place), storage.revisions(self.cluster, place)
            )
        return records.joined(revisions, known)

    async def recall(self, environment: str, revision: int) -> Release:
        """Return the release that a revision applied, exactly."""
        place = self._place(environment)
        try:
            known, revisions, stored = await asyncio.gather(
                records.read(self.cluster, place),
                storage.revisions(self.cluster, place),
                storage.stored(self.cluster, place, revision),
            )
        except NotFoundError:
            raise ConfigurationError(
                f"{environment} has no revision {revision} any more: Helm keeps the newest {KEPT}",
                hint=f"see: {place.command('history')}",
            ) from None
        record = next((records.record_of(one, known) for one in revisions if one.number == revision), None)
        return Release(
            environment=environment,
            name=place.release,
            namespace=place.namespace,
            documents=stored.documents,
            provenance=record.provenance if record else Provenance(records.BY_HELM, stored.description),
            images=dict(record.references) if record else {},
            notes=stored.notes,
            chart=ChartSource(values=stored.values, revision=revision),
        )

    async def delete(self, environment: str, lock: Lock, *, purge: bool = False) -> None:
        """Stop everything of the environment; data stays unless purge."""
        place = self._place(environment)
        await self._leases.check(place, lock)
        known = await self._writing.settled(place)
        hooks = await hooks_of(self.cluster, place, known[-1].number) if known else ()
        if known and known[-1].status is not Status.UNINSTALLED:
            try:
                await self._helm(
                    self.cluster.context, place.namespace, "uninstall", {"release": place.release}
                )
            except HelmFailure as failure:
                raise PreflightError(
                    f"Helm does not remove {place.release} from {self.cluster.context}: {failure.detail}",
                    hint=f"see: helm --kube-context {self.cluster.context} -n {place.namespace} status "
                    f"{place.release}",
                ) from None
            except WriteUnansweredError as ended:
                ended.hint = f"do it again, which ends what it began: {place.command('down')}"
                raise
        if known:
            await remove_hooks(self.cluster, place.namespace, hooks)
            await let_go(self.cluster, place, ())
            await remove_all(self.cluster, place, purge=purge)
        self._targets.forget(environment)

    def forward(self, environment: str, service: str) -> AbstractAsyncContextManager[str]:
        """Give a Service a URL on this machine for as long as the block lasts."""
        return port_forward(self.cluster, self._place(environment).namespace, service)

    async def tests(self, environment: str) -> tuple[str, ...]:
        """Return the names of the newest revision's tests in the order in which they run."""
        place = self._place(environment)
        if (read := self._readying.newest(environment)) is not None:
            return tuple(one.name for one in read.hooks)
        known = await storage.revisions(self.cluster, place)
        return tuple(one.name for one in (await self._tests(place, known[-1].number)).hooks) if known else ()

    def prepare_tests(self, environment: str) -> None:
        """Start the pods of those that can wait; each begins with test, and not before."""
        self._readying.prepare(self._place(environment))

    async def test(
        self, environment: str, lock: Lock, waits: Callable[[str], None] = lambda _: None
    ) -> tuple[Trial, ...]:
        """Run them as Helm would, those of one weight at once; Helm's record tells how each ended."""
        place = self._place(environment)
        _, known = await asyncio.gather(
            self._leases.check(place, lock), storage.revisions(self.cluster, place)
        )
        if not known:
            return ()
        number = known[-1].number
        prepared = await self._readying.of(environment, number, waits)
        tested = await run_tests(
            self.cluster,
            place,
            number,
            self._sleep,
            prepared,
            waits,
            await self._tests(place, number),
            self._chores.begin,
            self._chores.keep,
        )
        if not self._readying.knows(environment):
            await self._chores.all_done()  # no verdict is recorded after it, which would wait for them
        return tested

    async def surroundings(
        self, environment: str, documents: Iterable[Document], hooks: Iterable[Document] = ()
    ) -> tuple[Need, ...]:
        """Return what these objects need of the cluster, met or not; nothing is changed."""
        return await needs_of(self.cluster, self._place(environment), documents, hooks)

    async def live(self, environment: str, documents: Iterable[Document]) -> tuple[Document, ...]:
        """Return those of the documents' objects that exist, as somebody set them."""
        return await live_objects(self.cluster, self._place(environment), documents)

    async def close(self) -> None:
        """Let go of connections; what runs goes on."""
        looking = (one.close() for one in self._watchers.values())
        await asyncio.gather(
            self._leases.close(),
            self._programs.close(),
            self._readying.close(),
            self._writing.close(),
            *looking,
        )
        with suppress(FlaskshipError):  # what was not done after an error that is told
            await self._chores.all_done()
        await self.cluster.close()

    async def _earlier(self, place: Place, known: tuple[HelmRevision, ...]) -> tuple[Document, ...]:
        """Return the objects of the revision before the newest; none where there is none."""
        if len(known) < 2:
            return ()
        return (await storage.stored(self.cluster, place, known[-2].number)).documents

    async def _tests(self, place: Place, number: int) -> Tests:
        known = self._readying.tests(place.environment, number)
        return await tests_of(self.cluster, place, number) if known is None else known

    def _reading(self, place: Place, *, logs: bool = False) -> AbstractAsyncContextManager[None]:
        ask = partial(insist, self.cluster, self._writing.permissions, place, to_read(logs=logs), READING)
        return all_told(ask)

    async def _written(self, place: Place) -> None:
        """What is known of the environment is old."""
        self._targets.forget(place.environment)
        if (watcher := self._watchers.get(place.environment)) is not None:
            await watcher.close()

    def _watcher(self, place: Place, *, keeps: bool = False) -> Watcher:
        witness = ClusterWitness(self.cluster, place.namespace)
        notes = partial(notes_of, self._leases, place)
        return Watcher(
            self.cluster, witness, place.namespace, notes=notes, clock=self.cluster.now, keeps=keeps
        )

    def _place(self, environment: str) -> Place:
        try:
            return self._places[environment]
        except KeyError:
            raise ConfigurationError(f"there is no environment {environment!r}") from None


def _namespace(place: Place) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": place.namespace, "labels": NAMESPACE_LABELS},
    }
