"""One environment: moves its replicas towards the intended revision, step by step."""

import asyncio
import contextlib
import signal
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from flaskship.engines.local import jobs
from flaskship.engines.local.jobs import JobRecord
from flaskship.engines.local.manifests.table import UNKNOWN
from flaskship.engines.local.processes.ports import Addresses, FreePorts, Placement
from flaskship.engines.local.routes import Route
from flaskship.engines.local.spec import Deployment, Job, Recreate
from flaskship.engines.local.state import Intent, ReplicaRecord
from flaskship.engines.local.supervisor import services
from flaskship.engines.local.supervisor.generation import Generation
from flaskship.engines.local.supervisor.planning import planner
from flaskship.engines.local.supervisor.replica import DRAIN_SECONDS, Replica
from flaskship.engines.local.supervisor.router_link import RouterLink
from flaskship.engines.local.supervisor.services import ListenerPlan
from flaskship.engines.local.supervisor.world import World
from flaskship.model.errors import PreflightError
from flaskship.model.release import Event
from flaskship.rollout import recreate, rolling_update
from flaskship.rollout.view import ReplicaView, RolloutView

RETRY_SECONDS = 1.0


@dataclass
class Progress:
    """How far the rollout of one workload has come."""

    template: str = ""
    since: float = 0.0
    at: float = 0.0
    seen: tuple[int, ...] = ()
    complete: bool = False


@dataclass
class Workload:
    """A Deployment of the intended revision with what users steered since."""

    spec: Deployment
    template: str
    desired: int
    paused: bool
    progress: Progress = field(default_factory=Progress)


class EnvironmentRuntime:
    """Owns the replicas and the routes of one environment; every method runs on the supervisor's loop."""

    def __init__(self, world: World, link: RouterLink, addresses: Addresses, intent: Intent) -> None:
        self.world = world
        self._link = link
        self._addresses = addresses
        self.intent = intent
        self.generations: dict[int, Generation] = {}
        self.replicas: dict[str, Replica] = {}
        self.workloads: dict[str, Workload] = {}
        self.listeners: tuple[ListenerPlan, ...] = ()
        self.findings: dict[str, None] = {}
        self.subscribers: set[asyncio.Event] = set()
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()

    @property
    def name(self) -> str:
        """Return the environment's name."""
        return self.intent.environment

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what this machine cannot make sense of: an error for who runs strictly."""
        generation = self.generations.get(self.intent.revision)
        unknown = (r for r in generation.spec.reports if r.note == UNKNOWN) if generation else ()
        fields = (f"{r.object} {r.field}".strip() + " is unknown to this engine" for r in unknown)
        return (*fields, *self.findings)

    def start(self) -> None:
        """Begin to reconcile."""
        self._task = asyncio.create_task(self._reconcile(), name=f"environment {self.name}")

    def move_to(self, intent: Intent, generation: Generation, listeners: Iterable[ListenerPlan]) -> None:
        """Make this revision the goal; its sockets are held already."""
        self.generations[generation.number] = generation
        self.findings = {}
        self.listeners = tuple(listeners)
        self.steer(intent)

    def steer(self, intent: Intent) -> None:
        """Take over a changed intent for the same or another known revision."""
        self.intent = intent
        generation = self.generations[intent.revision]
        known = self.workloads
        self.workloads = {}
        floors = {scaler.workload: scaler.min_replicas for scaler in generation.spec.autoscalers}
        for spec in self._by_priority(generation) if intent.running else ():
            stamp = intent.restarts.get(spec.name, "")
            desired = intent.scales.get(spec.name, floors.get(spec.name, spec.replicas))
            workload = Workload(
                spec, generation.template_key(spec, stamp), desired, spec.paused or spec.name in intent.paused
            )
            before = known.get(spec.name)
            if before is not None and before.template == workload.template:
                workload.progress = before.progress
            self.workloads[spec.name] = workload
        self.changed()

    def adopt(self, records: Iterable[ReplicaRecord]) -> None:
        """Take over the replicas that the state knows, with the processes that still run."""
        for record in records:
            self._addresses.reserve(record.address)
            replica = self._replica(record) if record.revision in self.generations else None
            if replica is None:
                self._ending[record.uid] = asyncio.create_task(self._sweep(record))
                continue
            replica.resume({p.container: p for p in self.world.state.processes(record.uid)})
            if record.stage == "retiring":
                self._retire(replica, "it was being ended when the supervisor stopped")

    async def stop(self) -> None:
        """End every replica in order and let the listening sockets go."""
        self.steer(replace(self.intent, running=False))
        while self.replicas:
            self._idle.clear()
            await self._idle.wait()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._link.update(self.name, ())

    async def detach(self) -> None:
        """Stop watching and leave everything running."""
        tasks = [task for task in (self._task, *self._ending.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for replica in self.replicas.values():
            await replica.detach()

    def changed(self) -> None:
        """Reconcile soon, and tell who follows."""
        self._wake.set()
        for subscriber in self.subscribers:
            subscriber.set()

    def event(self, subject: str, reason: str, message: str, kind: str = "Normal") -> None:
        """Record something that happened."""
        self.world.state.add_event(self.name, Event(self.world.now(), subject, reason, message, kind))

    async def _reconcile(self) -> None:
        while True:
            self._wake.clear()
            pause: float | None
            try:
                pause = self._step()
                await self._link.update(self.name, self.routes())
            except Exception as error:
                traceback.print_exception(error)
                pause = RETRY_SECONDS
            if not self.replicas:
                self._idle.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _step(self) -> float | None:
        """Start and end what the strategies ask for; return in how many seconds to look again by itself."""
        pause: float | None = None
        generation = self.generations.get(self.intent.revision)
        to_run = generation.jobs if generation and self.intent.running else ()
        wanted = {*self.workloads, *(job.name for job in to_run)}
        for replica in list(self.replicas.values()):
            if replica.record.workload not in wanted and not replica.terminating:
                self._retire(replica, "its workload is no longer wanted")
        for job in to_run:
            due = self._step_job(job, generation.template_key(job)) if generation else None
            if due is not None:
                left = max(0.0, due - self.world.now())
                pause = left if pause is None else min(pause, left)
        for workload in self.workloads.values():
            mine = [r for r in self.replicas.values() if r.record.workload == workload.spec.name]
            view = self._view(workload, mine)
            recreating = isinstance(workload.spec.strategy, Recreate)
            step = recreate.next_step(view) if recreating else rolling_update.next_step(view)
            for uid in step.retire:
                self._retire(self.replicas[uid], "the rollout replaces it")
            for _ in range(step.start):
                self._create(workload.spec, workload.template)
            self._note_progress(workload, mine)
            waiting = [self._available_in(workload, r) for r in mine]
            soon = [seconds for seconds in waiting if seconds > 0]
            if soon:
                pause = min(soon if pause is None else [pause, *soon])
        return pause

    def _view(self, workload: Workload, mine: list[Replica]) -> RolloutView:
        strategy = workload.spec.strategy
        surge, unavailable = (
            (0, 0) if isinstance(strategy, Recreate) else (strategy.max_surge, strategy.max_unavailable)
        )
        views = {replica.uid: self._replica_view(workload, replica) for replica in mine}
        new = tuple(views[r.uid] for r in mine if r.record.template == workload.template)
        old = tuple(views[r.uid] for r in mine if r.record.template != workload.template)
        return RolloutView(workload.desired, surge, unavailable, new, old, workload.paused)

    def _replica_view(self, workload: Workload, replica: Replica) -> ReplicaView:
        return ReplicaView(
            uid=replica.uid,
            ready=replica.ready,
            available=self.available(workload, replica),
            created_at=replica.record.created_at,
            terminating=replica.terminating,
            crashing=any(c.standing.waiting for c in replica.containers.values()),
        )

    def available(self, workload: Workload, replica: Replica) -> bool:
        """Tell whether the replica has been ready for minReadySeconds."""
        return replica.ready and self._available_in(workload, replica) <= 0

    def _available_in(self, workload: Workload, replica: Replica) -> float:
        if replica.ready_at is None or workload.spec.min_ready == 0:
            return 0.0
        return replica.ready_at + workload.spec.min_ready - self.world.now()

    def job_record(self, job: Job, template: str) -> JobRecord:
        """Return how far a Job of this template has come."""
        record = self.world.state.job(self.name, job.name)
        if record is not None and record.template == template:
            return record
        return JobRecord(self.name, job.name, template, self.world.now())

    def _step_job(self, job: Job, template: str) -> float | None:
        record = known = self.job_record(job, template)
        active, ended = [], []
        for replica in [r for r in self.replicas.values() if r.record.workload == job.name]:
            if replica.record.template != template and not replica.terminating:
                self._retire(replica, "its Job was replaced")
            elif replica.outcome is None and not replica.terminating:
                active.append(replica)
            elif replica.outcome is not None and not replica.counted:
                replica.counted = True
                success = replica.outcome.code == 0
                record = jobs.counted(record, success=success, at=replica.outcome.at)
                ended.append(replica)
        restarts = sum(c.restarts for replica in active for c in replica.containers.values())
        step = jobs.next_step(job, record, len(active), restarts, self.world.now())
        if step.record != known or self.world.state.job(self.name, job.name) is None:
            self.world.state.save_job(step.record)
            if step.record.outcome is not known.outcome:
                self.event(job.name, "JobEnded", str(step.record.outcome))
                self.changed()
        for replica in ended:
            # Counted durably: a later supervisor must not run it again.
            self.world.state.remove_replica(replica.uid)
        if step.end:
            for replica in active:
                self._retire(replica, "its Job has ended")
        for _ in range(step.start):
            self._create(job, template)
        return step.due

    def _create(self, workload: Deployment | Job, template: str) -> None:
        uid = self.world.random_name()
        containers = workload.template.containers
        place = self._place(workload.name, tuple(port.number for c in containers for port in c.ports))
        record = ReplicaRecord(
            uid=uid,
            environment=self.name,
            workload=workload.name,
            name=f"{workload.name}-{template}-{uid[:5]}",
            template=template,
            revision=self.intent.revision,
            created_at=self.world.now(),
            address=place.address,
            ports=place.ports,
        )
        self.world.state.save_replica(record)
        replica = self._replica(record)
        assert replica is not None
        self.event(record.name, "Created", f"for revision {record.revision}")
        replica.start()

    def _place(self, workload: str, ports: tuple[int, ...]) -> Placement:
        try:
            return self._addresses.allocate(ports)
        except PreflightError as error:
            # Somebody listens on every address: the replica gets other ports, which PORT tells it.
            self.event(workload, "PortTaken", f"{error.message}: free ports take its place", "Warning")
            return FreePorts().allocate(ports)

    def _replica(self, record: ReplicaRecord) -> Replica | None:
        generation = self.generations[record.revision]
        spec = generation.workload(record.workload)
        if spec is None:
            return None
        folder = self.world.paths.environment(self.name) / "replicas" / record.name
        replica = Replica(
            self.world,
            record,
            spec.template,
            folder,
            planner(self, generation, spec, record, folder),
            self.changed,
            self.event,
        )
        self.replicas[record.uid] = replica
        return replica

    def _retire(self, replica: Replica, why: str) -> None:
        if replica.uid not in self._ending:
            replica.terminating = True
            self.event(replica.record.name, "Killing", why)
            self._ending[replica.uid] = asyncio.create_task(self._end(replica))

    async def _end(self, replica: Replica) -> None:
        async def drain() -> None:
            # The router has acknowledged a table without the replica before anything is asked of it.
            await self._link.update(self.name, self.routes())
            await self._link.drain(replica.uid, min(DRAIN_SECONDS, replica.template.termination_grace))

        await replica.end(drain)
        self._addresses.release(replica.record.address)
        del self.replicas[replica.uid]
        del self._ending[replica.uid]
        self._forget_generations()
        self.changed()

    async def _sweep(self, record: ReplicaRecord) -> None:
        """End what is left of a replica whose revision nobody knows any more."""
        launcher = self.world.launcher
        for process in self.world.state.processes(record.uid):
            if await launcher.signal(process.uid, signal.SIGKILL, group=True):
                await launcher.ending(process.uid)
            await launcher.forget(process.uid)
        self.world.state.remove_replica(record.uid)
        self._addresses.release(record.address)
        del self._ending[record.uid]

    def _forget_generations(self) -> None:
        used = {replica.record.revision for replica in self.replicas.values()} | {self.intent.revision}
        self.generations = {n: g for n, g in self.generations.items() if n in used}

    def routes(self) -> tuple[Route, ...]:
        """Return where each socket's requests go now."""
        if not self.intent.running:
            return ()
        return tuple(services.route(plan, self.replicas.values()) for plan in self.listeners)

    def _note_progress(self, workload: Workload, mine: list[Replica]) -> None:
        progress, now = workload.progress, self.world.now()
        new = [r for r in mine if r.record.template == workload.template and not r.terminating]
        counts = (len(new), sum(r.ready for r in new), sum(self.available(workload, r) for r in new))
        old = sum(r.record.template != workload.template for r in mine)
        complete = counts == (workload.desired,) * 3 and not old
        if progress.template != workload.template:
            workload.progress = Progress(workload.template, now, now, (*counts, -old))
        elif progress.complete and not complete:
            # What was complete and lost a replica has its whole deadline to recover.
            progress.at, progress.seen = now, (*counts, -old)
        elif any(now_ > then for now_, then in zip((*counts, -old), progress.seen, strict=True)):
            progress.at, progress.seen = now, (*counts, -old)
        else:
            progress.seen = (*counts, -old)
        workload.progress.complete = complete

    def _by_priority(self, generation: Generation) -> list[Deployment]:
        priorities = generation.spec.priorities
        return sorted(
            generation.spec.deployments, key=lambda d: -priorities.get(d.template.priority_class or "", 0)
        )
