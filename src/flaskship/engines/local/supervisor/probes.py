"""The three probes of a running container, carried out as probing.py decides."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from flaskship.engines.local import prober
from flaskship.engines.local.probing import Kind, ProbeChange, ProbeEvent, advance, asked_again_in, begin
from flaskship.engines.local.spec import Container, Port, Probe
from flaskship.engines.local.supervisor.exec import run_command
from flaskship.engines.local.supervisor.world import LaunchPlan, World
from flaskship.model.snapshot import ProbeFailure


class Probes:
    """Whether a container has started and is ready, and the latest failures of its probes."""

    def __init__(self, spec: Container, address: str, changed: Callable[[], None]) -> None:
        self._spec = spec
        self._address = address
        self._changed = changed
        self.started = False
        self.ready = False
        self.was_ready = False
        self.ready_at: float | None = None
        self.failures: dict[Kind, ProbeFailure] = {}

    async def run(
        self,
        started_at: float,
        plan: LaunchPlan,
        world: World,
        unhealthy: Callable[[], Awaitable[None]],
        *,
        resume: bool = False,
    ) -> None:
        """Probe until cancelled; unhealthy() is awaited when startup or liveness has failed for good.

        With resume the process was ready already: it stays so until its probe fails.
        """
        startup = None if resume else self._spec.startup
        # An earlier run's count says nothing of this one.
        self.failures.pop("readiness", None)
        if resume:
            self.resume(world.now())
        if startup and not await self._loop("startup", startup, started_at, plan, world):
            await unhealthy()
            return
        self.started = True
        loops = []
        if self._spec.readiness:
            loops.append(self._loop("readiness", self._spec.readiness, started_at, plan, world))
        else:
            self._become(ready=True, now=world.now())
        if self._spec.liveness:
            loops.append(self._loop("liveness", self._spec.liveness, started_at, plan, world))
        self._changed()
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            # Only liveness ever ends by itself: readiness is asked for as long as the container runs.
            for done in asyncio.as_completed(tasks):
                await done
                await unhealthy()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def resume(self, now: float) -> None:
        """Count as ready, as before."""
        self.started = True
        self._become(ready=True, now=now)

    def port(self, port: Port, plan: LaunchPlan) -> int:
        """Return the port on the replica's address that stands for a container port or its name."""
        named = (known.number for known in self._spec.ports if known.name == port)
        number = port if isinstance(port, int) else next(named)
        return plan.ports.get(number, number)

    def stopped(self) -> None:
        """Forget what held for the process that ended."""
        self.started = self.ready = False
        self.ready_at = None

    async def _loop(
        self, kind: Kind, probe: Probe, started_at: float, plan: LaunchPlan, world: World
    ) -> bool:
        state = begin(probe, kind, started_at, world.now())
        if kind == "readiness" and self.ready:
            state = replace(state, passed=True, eager=False)
        step = advance(probe, state, ProbeEvent.TICK, world.now())
        answers, opened_at = 0, math.inf
        while True:
            if not step.run:
                await world.sleep(max(0.0, min(step.due, opened_at) - world.now()))
                now = world.now()
                opened = opened_at <= now < step.due
                step = advance(probe, step.state, ProbeEvent.PORT_OPENED if opened else ProbeEvent.TICK, now)
                opened_at = math.inf if opened else opened_at
                continue
            counted = step.state.counted
            result = await prober.probe(
                probe.handler,
                self._address,
                lambda port: self.port(port, plan),
                probe.timeout,
                lambda command, seconds: run_command(command, plan, seconds),
            )
            answers += result.served
            coming = result.served and not result.ok and step.state.eager
            opened_at = world.now() + asked_again_in(answers) if coming else math.inf
            event = ProbeEvent.SUCCESS if result.ok else ProbeEvent.FAILURE
            step = advance(probe, step.state, event, world.now())
            self._note(kind, probe, result, step.state.failures, world.now(), counted=counted)
            if step.change is not ProbeChange.UNCHANGED:
                passed = step.change is ProbeChange.PASSED
                if kind == "readiness":
                    self._become(ready=passed, now=world.now())
                    self._changed()
                else:
                    self._changed()
                    return passed

    def _become(self, *, ready: bool, now: float) -> None:
        self.ready = ready
        self.was_ready = self.was_ready or ready
        self.ready_at = now if ready else None

    def _note(
        self,
        kind: Kind,
        probe: Probe,
        result: prober.ProbeResult,
        failures: int,
        now: float,
        *,
        counted: bool,
    ) -> None:
        if result.ok:
            if self.failures.pop(kind, None):
                self._changed()
            return
        known = self.failures.get(kind)
        first = failures == (1 if counted else 0)
        before = known.alike if known is not None and known.status == result.status and not first else 0
        failure = ProbeFailure(
            kind,
            now,
            failures,
            probe.failure_threshold,
            result.request,
            result.answer,
            status=result.status,
            alike=before + counted,
            after_startup=self._spec.startup is not None and self.started,
            period=probe.period,
        )
        self.failures[kind] = failure
        if counted or known is None or replace(known, at=now) != failure:
            self._changed()
