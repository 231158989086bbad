"""One replica: its initContainers in order, its containers side by side, and its orderly end."""

import asyncio
import contextlib
import functools
import shutil
import signal
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from flaskship.engines.local.processes import logs
from flaskship.engines.local.spec import Container, PodTemplate, Port
from flaskship.engines.local.state import ProcessRecord, ReplicaRecord
from flaskship.engines.local.steps import step
from flaskship.engines.local.supervisor.container import ContainerRuntime
from flaskship.engines.local.supervisor.hooks import LEAST_GRACE
from flaskship.engines.local.supervisor.leftovers import end_leftovers
from flaskship.engines.local.supervisor.world import Planner, World
from flaskship.model.snapshot import Exit, KilledBy, Problem, ReplicaPhase, ReplicaSnapshot

DRAIN_SECONDS = 5.0
SHOWN_LINES = 20
WORDS, LONGEST_WORD = 60, 2000
"""Lines, and characters of each, that are kept of what an attempt of a Job wrote."""
RETRY_SECONDS = 1.0
FINISH_SECONDS = 10.0
REMOVE_REPLICA_FOLDER = step("remove_replica_folder")


class Replica:
    """A pod's life on this machine; `changed` is called whenever a snapshot of it would differ."""

    def __init__(
        self,
        world: World,
        record: ReplicaRecord,
        template: PodTemplate,
        folder: Path,
        plan: Planner,
        changed: Callable[[], None],
        event: Callable[[str, str, str, str], None],
    ) -> None:
        self._world = world
        self.record = record
        self.template = template
        self.folder = folder
        self._plan = plan
        self._changed = changed
        self._event = event
        self._task: asyncio.Task[None] | None = None
        self.terminating = False
        self.initialized = record.stage == "initialized"
        self.outcome: Exit | None = None
        self.counted = False
        self._moved = asyncio.Event()
        self.init = {c.name: self._runtime(c, init=not c.always) for c in template.init_containers}
        self.containers = {c.name: self._runtime(c) for c in template.containers}
        sidecars = (c for c in self.init.values() if c.spec.always)
        self.serving = (*sidecars, *self.containers.values())
        """What has to be ready: the containers, and the sidecars among the initContainers."""

    def _runtime(self, spec: Container, *, init: bool = False) -> ContainerRuntime:
        return ContainerRuntime(
            self._world,
            spec,
            self.record.uid,
            self.record.address,
            self.log(spec.name),
            self._plan,
            self._note,
            functools.partial(self._event, self.record.name),
            grace=self.template.termination_grace,
            init=init,
        )

    @property
    def uid(self) -> str:
        """Return the replica's uid."""
        return self.record.uid

    @property
    def restarts(self) -> int:
        """Return how often containers were started again, those that initialize included."""
        return sum(c.restarts for c in (*self.init.values(), *self.containers.values()))

    @property
    def application(self) -> str:
        """Return the application's name."""
        return self.template.labels.get("app.kubernetes.io/name", self.record.workload)

    @property
    def ready(self) -> bool:
        """Tell whether every container is ready and nobody told the replica to end."""
        return not self.terminating and self.initialized and all(c.ready for c in self.serving)

    def port(self, wanted: Port) -> int | None:
        """Return the port on the replica's address for a container port's number or name; None: no such."""
        for container in self.template.containers:
            for known in container.ports:
                if wanted in (known.number, known.name):
                    return self.record.ports.get(known.number, known.number)
        return self.record.ports.get(wanted, wanted) if isinstance(wanted, int) else None

    @property
    def ready_at(self) -> float | None:
        """Return since when all containers are ready; None while one is not."""
        if not self.ready:
            return None
        return max((c.probes.ready_at or 0.0) for c in self.serving)

    def log(self, container: str) -> Path:
        """Return the log file of a container."""
        return self.folder / f"{container}.log"

    def start(self, adopted: dict[str, ProcessRecord] | None = None) -> None:
        """Begin the replica's life, or go on with it where its running processes stand."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._task = asyncio.create_task(self._guarded(adopted or {}), name=f"replica {self.record.name}")

    def resume(self, processes: dict[str, ProcessRecord]) -> None:
        """Go on with a replica of an earlier supervisor: what was ready still is, until a probe fails."""
        if self.record.was_ready and self.record.stage == "initialized":
            for container in self.serving:
                container.resume_ready(processes.get(container.spec.name))
        self.start(processes)

    async def detach(self) -> None:
        """Stop watching; the processes go on and can be adopted."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def end(self, drain: Callable[[], Awaitable[None]]) -> None:
        """Leave the rotation, finish what is in flight, run preStop, end every process within the grace."""
        self.terminating = True
        self._world.state.save_replica(replace(self.record, stage="retiring"))
        for container in (*self.containers.values(), *self.init.values()):
            container.stopping = True
        self._changed()
        await drain()
        deadline = self._world.now() + self.template.termination_grace
        await asyncio.gather(*(self._end_container(c, deadline) for c in self.containers.values()))
        await self._end_init(deadline)
        await self.detach()
        await self._sweep()
        self._world.state.remove_replica(self.uid)
        with REMOVE_REPLICA_FOLDER:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def _end_init(self, deadline: float) -> None:
        # Sidecars end after the containers that they serve, the last one first.
        for container in reversed(self.init.values()):
            container.stopping = True
            await self._end_container(container, deadline)

    async def _sweep(self) -> None:
        # A start that was under way when the watching stopped is found by its intent.
        cleared = {c.cleared for c in (*self.init.values(), *self.containers.values())}
        for process in self._world.state.processes(self.uid):
            if process.uid not in cleared:
                await end_leftovers(self._world, process.uid)

    def snapshot(self, *, current: bool) -> ReplicaSnapshot:
        """Return everything about the replica at this instant."""
        runtimes = [*self.init.values(), *self.containers.values()]
        main = self.containers[self.template.main.name]
        exits = sorted((e for c in runtimes for e in c.standing.exits), key=lambda e: e.at)
        problem = next((c.standing.problem for c in runtimes if c.standing.problem), None)
        shown = 0 if self.ready else SHOWN_LINES
        initializing = self._initializing()
        return ReplicaSnapshot(
            name=self.record.name,
            uid=self.uid,
            template=self.record.template,
            current=current,
            phase=self._phase(problem),
            ready=self.ready,
            restarts=sum(c.restarts for c in self.containers.values()),
            created_at=self.record.created_at,
            started_at=main.standing.started_at if main.standing.pid else None,
            ready_at=self.ready_at,
            was_ready=self.record.was_ready,
            pid=main.standing.pid,
            address=self.record.address,
            exits=tuple(exits),
            probes=tuple(f for c in self.containers.values() for f in c.probes.failures.values()),
            problem=problem,
            last_lines=logs.all_last_lines((initializing or main).log, shown),
            initializing=initializing.spec.name if initializing else None,
            memory_kills=None
            if self.ready
            else next(filter(None, (c.memory_kills() for c in runtimes)), None),
        )

    def last_words(self) -> tuple[str, ...]:
        """Return the end of what the container wrote that failed last, or that runs."""
        runtimes = [*self.init.values(), *self.containers.values()]
        failed = [(e.at, c) for c in runtimes for e in c.standing.exits if e.code != 0]
        last = max(failed, key=lambda pair: pair[0])[1] if failed else self._initializing()
        log = (last or self.containers[self.template.main.name]).log
        return tuple(line[:LONGEST_WORD] for line in logs.all_last_lines(log, WORDS))

    def _initializing(self) -> ContainerRuntime | None:
        if self.initialized:
            return None
        return next((c for c in self.init.values() if c.standing.pid and not c.spec.always), None)

    def _phase(self, problem: Problem | None) -> ReplicaPhase:
        runtimes = [*self.init.values(), *self.containers.values()]
        if self.terminating:
            return ReplicaPhase.TERMINATING
        if self.outcome is not None:
            return ReplicaPhase.SUCCEEDED if self.outcome.code == 0 else ReplicaPhase.FAILED
        if any(c.standing.waiting for c in runtimes):
            return ReplicaPhase.BACK_OFF
        if problem is not None:
            return ReplicaPhase.PENDING
        if not self.initialized:
            return ReplicaPhase.INITIALIZING if self.init else ReplicaPhase.PENDING
        if self.ready:
            return ReplicaPhase.READY
        started = all(c.probes.started for c in self.containers.values())
        return ReplicaPhase.RUNNING if started else ReplicaPhase.STARTING

    async def _guarded(self, adopted: dict[str, ProcessRecord]) -> None:
        """Live; an error of ours is shown as the replica's problem, and life goes on."""
        while True:
            try:
                await self._live(adopted)
                return
            except* Exception as errors:
                error = errors.exceptions[0]
                text = f"{type(error).__name__}: {error}"
                main = self.containers[self.template.main.name]
                main.standing.problem = Problem("StartFailed", text, terminal=False)
                self._event(self.record.name, "Failed", text, "Warning")
                traceback.print_exception(error)
                self._changed()
            await self._world.sleep(RETRY_SECONDS)
            adopted = {p.container: p for p in self._world.state.processes(self.uid)}

    async def _live(self, adopted: dict[str, ProcessRecord]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for container in self.init.values():
                running = adopted.get(container.spec.name)
                if container.spec.always:
                    ready = self.record.was_ready
                    tasks.create_task(container.keep_running("Always", running, ready=ready))
                    if not self.initialized:
                        await self._until_started(container)
                elif not self.initialized and not await self._initialize(container, running):
                    await self._end_init(self._world.now() + self.template.termination_grace)
                    return
            if not self.initialized:
                self.initialized = True
                self.record = replace(self.record, stage="initialized")
                self._world.state.save_replica(self.record)
                self._changed()
            mains = [
                tasks.create_task(
                    container.keep_running(
                        self.template.restart_policy, adopted.get(name), ready=self.record.was_ready
                    )
                )
                for name, container in self.containers.items()
            ]
            await asyncio.wait(mains)
            ends = [ended for task in mains if (ended := task.result()) is not None]
            if not self.terminating and len(ends) == len(mains):
                await self._end_init(self._world.now() + self.template.termination_grace)
                self.outcome = next((ended for ended in ends if ended.code != 0), ends[0])
                self._changed()

    async def _until_started(self, sidecar: ContainerRuntime) -> None:
        """Wait for its startup probe (without one: for its process) before whatever comes next begins."""
        while not sidecar.probes.started:
            self._moved.clear()
            await self._moved.wait()

    async def _initialize(self, container: ContainerRuntime, adopted: ProcessRecord | None) -> bool:
        policy = "Never" if self.template.restart_policy == "Never" else "OnFailure"
        ended = await container.keep_running(policy, adopted)
        if ended is not None and ended.code != 0:
            self.outcome = ended
            self._changed()
        return ended is not None and ended.code == 0

    async def _end_container(self, container: ContainerRuntime, deadline: float) -> None:
        process = container.standing.process
        if process is None:
            return
        ending = self._world.launcher.ending(process)
        await container.pre_stop(deadline - self._world.now())
        await container.kill(KilledBy.ENGINE, signal.SIGTERM)
        least = min(LEAST_GRACE, self.template.termination_grace)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(least, deadline - self._world.now())):
                await asyncio.shield(ending)
        if not ending.done():
            await container.kill(KilledBy.ENGINE, signal.SIGKILL)
        await container.kill_group()
        await asyncio.shield(ending)
        # Its watcher kills what it left behind and removes its cell: detaching must not cut that short.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                await container.settled.wait()

    def _note(self) -> None:
        if self.ready and not self.record.was_ready:
            self.record = replace(self.record, was_ready=True)
            self._world.state.save_replica(self.record)
        self._moved.set()
        self._changed()
