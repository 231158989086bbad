"""One container of a replica: its process, its probes, and its next start after an end."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from flaskship.engines.local import backoff
from flaskship.engines.local.processes import logs
from flaskship.engines.local.processes.limits import Cell, Limits, Usage
from flaskship.engines.local.processes.signals import kill_all
from flaskship.engines.local.spawner.client import SpawnerRefused
from flaskship.engines.local.spawner.records import Ending, Record
from flaskship.engines.local.spec import Container, Handler
from flaskship.engines.local.state import ProcessRecord
from flaskship.engines.local.steps import step
from flaskship.engines.local.supervisor.hooks import LEAST_GRACE, POST_START_SECONDS, run_hook
from flaskship.engines.local.supervisor.killer import killer
from flaskship.engines.local.supervisor.launcher import Start
from flaskship.engines.local.supervisor.leftovers import remove_cell
from flaskship.engines.local.supervisor.port_guard import watch_ports
from flaskship.engines.local.supervisor.probes import Probes
from flaskship.engines.local.supervisor.world import LaunchPlan, Planner, World
from flaskship.model.frozen import dataclass
from flaskship.model.snapshot import Exit, KilledBy, MemoryKills, Problem

KEPT_EXITS = 10
EVIDENCE_LINES = 60
REFUSALS = {"NotFound": 127, "PermissionDenied": 126, "BadInterpreter": 126, "NotExecutable": 126}
CREATE_CELL = step("create_cell")

Note = Callable[[str, str, str], None]
"""Records an event: reason, message, type."""


@dataclass
class Standing:
    """What is known of the container now; times are Unix seconds."""

    attempt: int = 0
    process: str | None = None
    pid: int | None = None
    started_at: float | None = None
    exits: list[Exit] = field(default_factory=list)
    runs: list[backoff.Run] = field(default_factory=list)
    waiting: bool = False
    problem: Problem | None = None
    killed_by: KilledBy | None = None


class ContainerRuntime:
    """Starts the process, watches it, and says through `changed` that something is different."""

    def __init__(
        self,
        world: World,
        spec: Container,
        replica: str,
        address: str,
        log: Path,
        plan: Planner,
        changed: Callable[[], None],
        event: Note,
        *,
        grace: int = 30,
        init: bool = False,
    ) -> None:
        self._world = world
        self.spec = spec
        self._replica = replica
        self._address = address
        self.log = log
        self._plan = plan
        self._changed = changed
        self._event = event
        self._init = init
        self._grace = grace
        self.stopping = False
        self.settled = asyncio.Event()
        """Set while nothing of a process is left."""
        self.cleared = ""
        """The last process that left nothing behind."""
        self.standing = Standing()
        self.probes = Probes(spec, address, changed)
        self._launched: LaunchPlan | None = None
        self._cell: Cell | None = None
        self._mark = logs.Mark()

    @property
    def ready(self) -> bool:
        """Tell whether the process runs and its readiness holds."""
        return self.standing.process is not None and self.probes.ready

    @property
    def restarts(self) -> int:
        """Return how often the process was started again."""
        return max(0, self.standing.attempt - 1)

    def usage(self) -> Usage | None:
        """Return what the process uses now; None while there is none."""
        return self._cell.usage() if self._cell is not None and self.standing.process is not None else None

    def memory_kills(self) -> MemoryKills | None:
        """Return what the memory limit ended in the running container; None where it ended nothing."""
        usage = self.usage()
        if usage is None or not usage.oom_kills:
            return None
        limit = self._launched.memory_limit if self._launched else None
        return MemoryKills(self.spec.name, usage.oom_kills, limit, usage.peak)

    async def run(self, adopted: ProcessRecord | None = None, *, ready: bool = False) -> Exit | None:
        """Run the process once to its end; None (and a problem in the standing) when it cannot start.

        An adopted process that was ready counts as ready until its probe says otherwise.
        """
        if adopted is not None:
            self.standing.attempt = adopted.attempt
        plan = self._plan(self.spec)
        if isinstance(plan, Problem):
            self._stuck(plan)
            return None
        self._launched = plan
        known = self._world.launcher.known(adopted.uid) if adopted is not None else None
        fresh = adopted is None or known is None
        if adopted is not None and known is not None:
            self._adopt(adopted, known, plan)
        elif await self._start(plan):
            ready = False
        else:
            return None
        assert self.standing.process is not None
        ending = self._world.launcher.ending(self.standing.process)
        watching = [asyncio.create_task(self._watch(plan, ready=ready, fresh=fresh))]
        if not self._init:
            watching.append(asyncio.create_task(self._guard_ports(plan)))
        self._world.containers[self.standing.process] = self
        self.settled.clear()
        try:
            ended = await _first(ending, watching)
        finally:
            del self._world.containers[self.standing.process]
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return await self._finish(ended)

    async def keep_running(
        self, policy: str, adopted: ProcessRecord | None = None, *, ready: bool = False
    ) -> Exit | None:
        """Run it again and again as the restart policy says; return the end that is the last."""
        while True:
            if self.stopping and adopted is None:
                return None
            ended = await self.run(adopted, ready=ready)
            adopted = None
            if self.stopping:
                return ended
            if ended is not None and (policy == "Never" or (policy == "OnFailure" and ended.code == 0)):
                return ended
            await self._back_off()

    def resume_ready(self, record: ProcessRecord | None) -> None:
        """Count as ready from now on, if the process of an earlier supervisor still runs."""
        known = self._world.launcher.known(record.uid) if record else None
        if record is not None and known is not None and known.ending is None:
            self.standing.process, self.standing.pid = record.uid, known.pid
            self.probes.resume(self._world.now())

    async def kill(self, by: KilledBy, number: int = signal.SIGTERM) -> None:
        """Send the signal to the process; who did it is on disk before."""
        uid = self.standing.process
        if uid is None:
            return
        self.standing.killed_by = by
        self._save(killed_by=by)
        await self._world.launcher.signal(uid, number)

    async def kill_group(self) -> None:
        """End the process and everything it left behind, at once."""
        if self.standing.process is not None:
            await self._world.launcher.signal(self.standing.process, signal.SIGKILL, group=True)

    async def _start(self, plan: LaunchPlan) -> bool:
        standing = self.standing
        standing.attempt += 1
        uid = f"{self._replica}.{self.spec.name}.{standing.attempt}"
        now = self._world.now()
        # The intent is on disk before the process exists: recovery finds the child by its uid.
        self._world.state.save_process(
            ProcessRecord(uid, self._replica, self.spec.name, standing.attempt, intended_at=now)
        )
        limits = Limits(plan.memory_limit, plan.cpu_limit, plan.cpu_request)
        self._mark = logs.mark(self.log, self._world.logs.cuts(self.log))
        try:
            with CREATE_CELL:
                cell = await asyncio.to_thread(self._world.containment.create, uid, limits)
            record = await self._world.launcher.start(
                Start(
                    uid,
                    (*cell.prefix, *plan.argv),
                    plan.env,
                    plan.cwd,
                    str(self.log),
                    cell.join or None,
                    cell.rlimits or None,
                    plan.writable,
                )
            )
        except SpawnerRefused as refused:
            cell.remove()
            await self._refused(uid, refused)
            return False
        except OSError as error:
            self._stuck(Problem("StartFailed", f"its limits could not be set: {error}", terminal=False))
            return False
        cell.started(record.pid)
        self._world.logs.watch(self.log)
        self._cell = cell
        standing.process, standing.pid, standing.started_at = uid, record.pid, record.started_at
        standing.problem, standing.killed_by = None, None
        self._save(pid=record.pid, start_time=record.start_time, boot_id=record.boot_id)
        self._event("Started", f"container {self.spec.name}, pid {record.pid}", "Normal")
        self._changed()
        return True

    def _adopt(self, record: ProcessRecord, known: Record, plan: LaunchPlan) -> None:
        standing = self.standing
        self._world.logs.watch(self.log)
        standing.process, standing.pid = record.uid, known.pid
        standing.started_at = known.started_at
        standing.killed_by = KilledBy(record.killed_by) if record.killed_by else None
        limits = Limits(plan.memory_limit, plan.cpu_limit, plan.cpu_request)
        with contextlib.suppress(OSError):
            self._cell = self._world.containment.adopt(record.uid, limits, known.pid)

    async def _refused(self, uid: str, refused: SpawnerRefused) -> None:
        now = self._world.now()
        code = REFUSALS.get(refused.code)
        if code is None:
            self._stuck(Problem("StartFailed", refused.message, terminal=False))
        else:
            said = (refused.message,)
            self._record(Exit(self.spec.name, now, code, init=self._init, last_lines=said), now)
            self._event("Failed", refused.message, "Warning")
        await self._world.launcher.forget(uid)

    def _stuck(self, problem: Problem, reason: str = "Failed") -> None:
        if self.standing.problem != problem:
            self.standing.problem = problem
            self._event(reason, f"container {self.spec.name}: {problem.message}", "Warning")
            self._changed()

    async def pre_stop(self, seconds: float) -> None:
        """Run the preStop hook within so many seconds; its failure is an event and holds nothing up."""
        plan = self._plan(self.spec)
        if self.spec.pre_stop is None or isinstance(plan, Problem) or seconds <= 0:
            return
        failure = f"no end within {seconds:g} s"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                failure = await self._run_hook(self.spec.pre_stop, plan, seconds)
        if failure:
            self._event("FailedPreStopHook", f"container {self.spec.name}: {failure}", "Warning")

    async def _run_hook(self, hook: Handler, plan: LaunchPlan, seconds: float) -> str:
        return await run_hook(
            hook,
            self._address,
            lambda port: self.probes.port(port, plan),
            plan,
            seconds,
            self._world.sleep,
        )

    async def _watch(self, plan: LaunchPlan, *, ready: bool, fresh: bool) -> None:
        # Before its postStart hook has ended a container does not count as running: nothing probes it.
        if fresh and self.spec.post_start is not None:
            failure = await self._run_hook(self.spec.post_start, plan, POST_START_SECONDS)
            if failure:
                said = f"the postStart hook of container {self.spec.name} failed: {failure}"
                problem = Problem("StartFailed", said, field="lifecycle.postStart", terminal=False)
                self._stuck(problem, "FailedPostStartHook")
                await self._terminate(KilledBy.POST_START)
                return
        await self._probe(plan, ready=ready)

    async def _probe(self, plan: LaunchPlan, *, ready: bool) -> None:
        assert self.standing.started_at is not None
        await self.probes.run(self.standing.started_at, plan, self._world, self._unhealthy, resume=ready)

    async def _guard_ports(self, plan: LaunchPlan) -> None:
        assert self.standing.pid is not None
        world, pid = self._world, self.standing.pid
        problem = await watch_ports(pid, self._address, plan.ports, world.sleep, world.listeners.of)
        if problem is not None:
            self._stuck(problem)
            await self.kill(KilledBy.ENGINE, signal.SIGKILL)

    async def over_limit(self, what: str, by: KilledBy) -> None:
        """End the process that the watchdog found over its limit."""
        self._event("OverLimit", what, "Warning")
        await self.kill(by, signal.SIGKILL)
        await self.kill_group()

    async def _unhealthy(self) -> None:
        by = KilledBy.LIVENESS if self.probes.started else KilledBy.STARTUP
        self._event("Unhealthy", f"container {self.spec.name} failed its {by} and is restarted", "Warning")
        await self._terminate(by)

    async def _terminate(self, by: KilledBy) -> None:
        """End the process in order; cancelled as soon as it has ended."""
        deadline = self._world.now() + self._grace
        await self.pre_stop(self._grace)
        await self.kill(by)
        await self._world.sleep(max(min(LEAST_GRACE, self._grace), deadline - self._world.now()))
        await self.kill(by, signal.SIGKILL)

    async def _finish(self, ending: Ending) -> Exit:
        standing = self.standing
        assert standing.process is not None
        # What is refused once the cell is sealed is our doing.
        before = self._cell.usage() if self._cell else None
        # Whatever the process left behind ends with it, as a container's processes do.
        await self.kill_group()
        await kill_all(self._world.paths.project, standing.process, None, cell=self._cell)
        usage = self._cell.usage() if self._cell else None
        ended = Exit(
            container=self.spec.name,
            at=ending.at,
            code=ending.exit_code,
            signal=ending.signal,
            killed_by=killer(ending, standing.killed_by, usage),
            init=self._init,
            last_lines=logs.lines_since(
                self.log, EVIDENCE_LINES, self._mark, self._world.logs.cuts(self.log)
            ),
            memory_limit=self._launched.memory_limit if self._launched else None,
            memory_peak=usage.peak if usage else None,
            oom_kills=usage.oom_kills if usage else None,
            process_limit=Limits().pids,
            forks_refused=before.forks_refused if before else None,
            after_ready=self.probes.was_ready,
            program=self._launched.argv[0] if self._launched else None,
        )
        cell, self._cell = self._cell, None
        # Who dies before it is forgotten is found again, and its cell with it.
        if await remove_cell(cell, self._world.sleep):
            self.cleared = standing.process
        await self._world.launcher.forget(standing.process)
        standing.process, standing.pid = None, None
        self.settled.set()
        self.probes.stopped()
        self._record(ended, ending.at)
        return ended

    def _record(self, ended: Exit, now: float) -> None:
        standing = self.standing
        standing.exits = [*standing.exits, ended][-KEPT_EXITS:]
        standing.runs = [*standing.runs, backoff.Run(standing.started_at or now, now)][-KEPT_EXITS:]
        self._changed()

    async def _back_off(self) -> None:
        standing = self.standing
        due = backoff.restart_due(standing.runs) if standing.runs else self._world.now() + 1.0
        if standing.problem is not None:
            due = max(due, self._world.now() + 1.0)
        wait = due - self._world.now()
        if not standing.runs:
            # What never ran did not crash: it waits for what it lacks, which its problem tells.
            await self._world.sleep(max(wait, 0.0))
        elif wait > 0:
            standing.waiting = True
            self._event("BackOff", f"container {self.spec.name} starts again in {wait:.0f} s", "Warning")
            self._changed()
            await self._world.sleep(wait)
            standing.waiting = False

    def _save(self, **changes: object) -> None:
        standing = self.standing
        assert standing.process is not None
        known = next(
            (p for p in self._world.state.processes(self._replica) if p.uid == standing.process), None
        )
        if known is not None:
            self._world.state.save_process(replace(known, **changes))  # type: ignore[arg-type]


async def _first(ending: "asyncio.Future[Ending]", watching: list["asyncio.Task[None]"]) -> Ending:
    """Return the ending; an error of a watching task is raised, not lost."""
    active: set[asyncio.Future[Any]] = set(watching)
    while not ending.done():
        done, _ = await asyncio.wait({ending} | active, return_when=asyncio.FIRST_COMPLETED)
        for task in done & active:
            task.result()
        active -= done
    return ending.result()
