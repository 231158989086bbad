"""One environment: moves its replicas towards the intended revision, step by step."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from flaskship.engines.local.manifests.table import UNKNOWN
from flaskship.engines.local.processes.ports import Addresses, FreePorts, Placement
from flaskship.engines.local.routes import Route
from flaskship.engines.local.spec import Autoscaler, Deployment, Job
from flaskship.engines.local.state import Intent, ReplicaRecord
from flaskship.engines.local.supervisor import services
from flaskship.engines.local.supervisor.autoscaling import keep_scaling
from flaskship.engines.local.supervisor.generation import Generation, asked_in
from flaskship.engines.local.supervisor.ingress import Entrance
from flaskship.engines.local.supervisor.leftovers import end_leftovers
from flaskship.engines.local.supervisor.planning import planner
from flaskship.engines.local.supervisor.replica import DRAIN_SECONDS, Replica
from flaskship.engines.local.supervisor.router_link import RouterLink
from flaskship.engines.local.supervisor.running_jobs import step_job
from flaskship.engines.local.supervisor.services import ListenerPlan
from flaskship.engines.local.supervisor.workloads import Progress, Workload
from flaskship.engines.local.supervisor.world import World
from flaskship.model.errors import PreflightError
from flaskship.model.release import Event
from flaskship.rollout.budget import Allowance

RETRY_SECONDS = 1.0
REST, LONGEST_REST = 4.0, 0.1
"""After a step the environment rests for so many times what it took, and at most for so many seconds."""


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
        self.entrance: Entrance | None = None
        self._autoscaled = world.state.autoscaled(intent.environment)
        self._scaling: asyncio.Task[None] | None = None
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

    def start(self, first: Callable[[], Awaitable[None]] | None = None) -> None:
        """Begin to reconcile, once what has to come first is done."""
        self._task = asyncio.create_task(self._reconcile(first), name=f"environment {self.name}")
        self._scaling = asyncio.create_task(keep_scaling(self), name=f"autoscaling of {self.name}")

    def move_to(
        self, intent: Intent, generation: Generation, listeners: Iterable[ListenerPlan | Entrance]
    ) -> None:
        """Make this revision the goal; its sockets are held already."""
        self.generations[generation.number] = generation
        held = tuple(listeners)
        self.listeners = tuple(plan for plan in held if isinstance(plan, ListenerPlan))
        self.entrance = next((plan for plan in held if isinstance(plan, Entrance)), None)
        self.findings = dict.fromkeys(self.entrance.problems() if self.entrance else ())
        self.steer(intent)

    def steer(self, intent: Intent) -> None:
        """Take over a changed intent for the same or another known revision."""
        moved = intent.revision != self.intent.revision
        self.intent = intent
        generation = self.generations[intent.revision]
        known = self.workloads
        self.workloads = {}
        for spec in self._by_priority(generation) if intent.running else ():
            stamp = intent.restarts.get(spec.name, "")
            workload = Workload(
                spec,
                generation.template_key(spec, stamp),
                self._desired(spec, generation),
                spec.paused or spec.name in intent.paused,
                self._budgets(spec, generation) if asked_in(stamp, intent.revision) else (),
            )
            before = known.get(spec.name)
            if before is not None and before.template == workload.template:
                workload.progress = before.progress
                steered = (workload.desired, workload.paused) != (before.desired, before.paused)
                if steered or (moved and not before.progress.complete):
                    # What is asked for now has its whole deadline, as has trouble from before to pass.
                    workload.progress.at = self.world.now()
            else:
                # Somebody may judge before the first step is taken: nothing is overdue by then.
                workload.progress = Progress(since=self.world.now(), at=self.world.now())
            self.workloads[spec.name] = workload
        self.changed()

    def _desired(self, spec: Deployment, generation: Generation) -> int:
        """Return what the user said last, else what the autoscaler said last, else what the manifests say."""
        if spec.name in self.intent.scales:
            return self.intent.scales[spec.name]
        scaler = autoscaler_of(generation, spec)
        if scaler is None:
            return spec.replicas
        # As in Kubernetes the first count is the workload's own: what is measured moves it later.
        count = self._autoscaled.get(spec.name, spec.replicas)
        return min(max(count, scaler.rules.least), scaler.rules.most)

    def autoscale(self, workload: Workload, replicas: int, why: str) -> None:
        """Move a workload to the count of its autoscaler, which a later supervisor keeps."""
        self._autoscaled = {**self._autoscaled, workload.spec.name: replicas}
        self.world.state.save_autoscaled(self.name, self._autoscaled)
        self.event(workload.spec.name, "SuccessfulRescale", f"to {replicas} replicas: {why}")
        workload.desired = replicas
        workload.progress.at = self.world.now()
        self.changed()

    def autoscaled(self) -> list[tuple[Autoscaler, Workload]]:
        """Return what autoscalers act on now: not what a user scaled since the last deploy."""
        generation = self.generations.get(self.intent.revision)
        found = (
            [(autoscaler_of(generation, w.spec), w) for w in self.workloads.values()] if generation else []
        )
        return [(one, w) for one, w in found if one is not None and w.spec.name not in self.intent.scales]

    def adopt(self, records: Iterable[ReplicaRecord]) -> None:
        """Take over the replicas that the state knows, with the processes that still run."""
        for record in map(self._of_a_known_revision, records):
            self._addresses.reserve(record.address)
            replica = self._replica(record) if record.revision in self.generations else None
            if replica is None:
                self._ending[record.uid] = asyncio.create_task(self._sweep(record))
                continue
            replica.resume({p.container: p for p in self.world.state.processes(record.uid)})
            if record.stage == "retiring":
                self.retire(replica, "it was being ended when the supervisor stopped")

    def _of_a_known_revision(self, record: ReplicaRecord) -> ReplicaRecord:
        """Return the record, as of the intended revision where its own is forgotten and both are the same."""
        workload = self.workloads.get(record.workload)
        if record.revision in self.generations or workload is None or workload.template != record.template:
            return record
        return replace(record, revision=self.intent.revision)

    async def stop(self) -> None:
        """End every replica in order and let the listening sockets go."""
        self.steer(replace(self.intent, running=False))
        while self.replicas:
            self._idle.clear()
            await self._idle.wait()
        tasks = [task for task in (self._task, self._scaling) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.world.state.save_autoscaled(self.name, {})
        await self._link.update(self.name, tuple)

    async def detach(self) -> None:
        """Stop watching and leave everything running."""
        tasks = [task for task in (self._task, self._scaling, *self._ending.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for replica in self.replicas.values():
            await replica.detach()

    def changed(self) -> None:
        """Reconcile soon, and tell who follows."""
        self._wake.set()
        self._tell()

    def _tell(self) -> None:
        for subscriber in self.subscribers:
            subscriber.set()

    def event(self, subject: str, reason: str, message: str, kind: str = "Normal") -> None:
        """Record something that happened."""
        self.world.state.add_event(self.name, Event(self.world.now(), subject, reason, message, kind))

    async def _reconcile(self, first: Callable[[], Awaitable[None]] | None) -> None:
        while True:
            self._wake.clear()
            pause: float | None
            began = time.monotonic()
            try:
                if first is not None:
                    await first()
                    first = None
                pause = self._step()
                served = self._link.served(self.name)
                await self._link.update(self.name, self.routes)
                if self._link.served(self.name) != served:
                    # Who waits for what is reachable has to look again.
                    self._tell()
            except Exception as error:
                traceback.print_exception(error)
                pause = RETRY_SECONDS
            if not self.replicas:
                self._idle.set()
            # Each step looks at every replica: what changes meanwhile waits for one look at all of it.
            await asyncio.sleep(min(LONGEST_REST, REST * (time.monotonic() - began)))
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
                self.retire(replica, "its workload is no longer wanted")
        for job in to_run:
            due = step_job(self, job, generation.template_key(job)) if generation else None
            if due is not None:
                left = max(0.0, due - self.world.now())
                pause = left if pause is None else min(pause, left)
        for workload in self.workloads.values():
            mine = [r for r in self.replicas.values() if r.record.workload == workload.spec.name]
            now = self.world.now()
            step = workload.next_step(mine, now)
            for uid in step.retire:
                self.retire(self.replicas[uid], "the rollout replaces it")
            for _ in range(step.start):
                self.create(workload.spec, workload.template)
            workload.note_progress(mine, now)
            waiting = [workload.available_in(r, now) for r in mine] if workload.spec.min_ready else []
            soon = [seconds for seconds in waiting if seconds > 0]
            if soon:
                pause = min(soon if pause is None else [pause, *soon])
        return pause

    def _budgets(self, spec: Deployment, generation: Generation) -> tuple[Allowance, ...]:
        return tuple(
            Allowance(budget.min_available, budget.max_unavailable)
            for budget in generation.spec.budgets
            if budget.selector.takes(spec.template.labels)
        )

    def create(self, workload: Deployment | Job, template: str) -> None:
        """Make one replica of this template and start it."""
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

    def retire(self, replica: Replica, why: str) -> None:
        """End a replica in order, once."""
        if replica.uid not in self._ending:
            replica.terminating = True
            self.event(replica.record.name, "Killing", why)
            self._ending[replica.uid] = asyncio.create_task(self._end(replica))

    async def _end(self, replica: Replica) -> None:
        async def drain() -> None:
            # The router has acknowledged a table without the replica before anything is asked of it.
            await self._link.update(self.name, self.routes)
            await self._link.drain(replica.uid, min(DRAIN_SECONDS, replica.template.termination_grace))

        await replica.end(drain)
        self._addresses.release(replica.record.address)
        del self.replicas[replica.uid]
        del self._ending[replica.uid]
        self._forget_generations()
        self.changed()

    async def _sweep(self, record: ReplicaRecord) -> None:
        """End what is left of a replica whose revision nobody knows any more."""
        for process in self.world.state.processes(record.uid):
            await end_leftovers(self.world, process.uid)
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
        replicas = tuple(self.replicas.values())
        entrance = (self.entrance.route(replicas),) if self.entrance else ()
        return (*(services.route(plan, replicas) for plan in self.listeners), *entrance)

    def reachable(self, replica: Replica) -> bool:
        """Tell whether requests reach it: the router knows it, or no Service is in front of it."""
        in_front = any(
            services.selects(plan.service, replica.template)
            and replica.port(plan.service_port.target) is not None
            for plan in self.listeners
        )
        return not in_front or replica.uid in self._link.served(self.name)

    def _by_priority(self, generation: Generation) -> list[Deployment]:
        priorities = generation.spec.priorities
        return sorted(
            generation.spec.deployments, key=lambda d: -priorities.get(d.template.priority_class or "", 0)
        )


def autoscaler_of(generation: Generation, spec: Deployment) -> Autoscaler | None:
    """Return the autoscaler of a workload; one of 0 replicas has none that acts."""
    found = (scaler for scaler in generation.spec.autoscalers if scaler.workload == spec.name)
    return next(found, None) if spec.replicas else None
