"""When a probe is due and what its results come to: Kubernetes' rules, decided purely.

A probe has instants: started + initialDelaySeconds + n * periodSeconds, not before the startup probe passed.
Failures count there alone. Startup and readiness probes are also tried as soon as the port opens and every
100 ms until their first success, which counts at once; so a workload is ready when it is, not at an instant.
A server that answers, if not well, has its port open and is about to be ready: at first it is asked sooner.
"""

import math
from dataclasses import replace
from enum import StrEnum
from typing import Literal

from flaskship.engines.local.spec import Exec, Probe
from flaskship.model.frozen import dataclass

EAGER_INTERVAL = 0.1
SOONEST = 0.02

Kind = Literal["startup", "readiness", "liveness"]


class ProbeEvent(StrEnum):
    """What the caller tells: the time has come, the port opened, or how the probe went."""

    TICK = "tick"
    PORT_OPENED = "port opened"
    SUCCESS = "success"
    FAILURE = "failure"


class ProbeChange(StrEnum):
    """What an event made of the probe's standing."""

    PASSED = "passed"
    FAILED = "failed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ProbeState:
    """One probe of one run of a container; `passed` is None while a startup probe is undecided."""

    kind: Kind
    instant: float
    due: float
    passed: bool | None
    eager: bool
    successes: int = 0
    failures: int = 0
    running_since: float | None = None
    counted: bool = False
    over: bool = False

    @property
    def running(self) -> bool:
        """Tell whether a probe is under way whose result has not come."""
        return self.running_since is not None


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """The state after an event; `run` asks for a probe now, `due` is when the next TICK is wanted."""

    state: ProbeState
    due: float
    change: ProbeChange = ProbeChange.UNCHANGED
    run: bool = False


def begin(probe: Probe, kind: Kind, started_at: float, now: float) -> ProbeState:
    """Return the state of a probe from `now` on: the start, or the startup probe's success."""
    instant = max(now, started_at + probe.initial_delay)
    eager = kind != "liveness"
    passed = {"startup": None, "readiness": False, "liveness": True}[kind]
    return ProbeState(kind=kind, instant=instant, due=now if eager else instant, passed=passed, eager=eager)


def advance(probe: Probe, state: ProbeState, event: ProbeEvent, now: float) -> ProbeStep:
    """Return the step that this event makes; events that do not fit the state change nothing."""
    if state.over:
        return ProbeStep(state, due=math.inf)
    if event in (ProbeEvent.SUCCESS, ProbeEvent.FAILURE):
        return _result(probe, state, event is ProbeEvent.SUCCESS, now) if state.running else _wait(state)
    if state.running:
        return _wait(state)
    asked = now >= state.due or (event is ProbeEvent.PORT_OPENED and state.eager)
    return _start(probe, state, now) if asked else _wait(state)


def asked_again_in(answers: int) -> float:
    """Return in how many seconds a server that answered so many times, never well, counts as just opened."""
    return min(EAGER_INTERVAL, SOONEST * 2.0 ** min(answers - 1, 10))


def _wait(state: ProbeState) -> ProbeStep:
    return ProbeStep(state, due=math.inf if state.running else state.due)


def _start(probe: Probe, state: ProbeState, now: float) -> ProbeStep:
    counted = now >= state.instant
    instant = state.instant
    if counted:
        missed = math.floor((now - instant) / probe.period)
        instant += (missed + 1) * probe.period
    started = replace(state, instant=instant, running_since=now, counted=counted)
    return ProbeStep(started, due=math.inf, run=True)


def _result(probe: Probe, state: ProbeState, success: bool, now: float) -> ProbeStep:
    took = now - (state.running_since if state.running_since is not None else now)
    state = replace(state, running_since=None)
    if success:
        state = replace(state, eager=False, successes=state.successes + 1, failures=0)
    elif state.counted:
        state = replace(state, successes=0, failures=state.failures + 1)
    change = _change(probe, state, success)
    if change is not ProbeChange.UNCHANGED:
        state = replace(state, passed=change is ProbeChange.PASSED)
    # A startup probe is done once it passed; after a failed startup or liveness probe the container restarts.
    if (state.kind == "startup" and state.passed is not None) or (
        state.kind == "liveness" and not state.passed
    ):
        state = replace(state, over=True, due=math.inf)
        return ProbeStep(state, due=math.inf, change=change)
    state = replace(state, due=_next_due(probe, state, now, took))
    return ProbeStep(state, due=state.due, change=change)


def _change(probe: Probe, state: ProbeState, success: bool) -> ProbeChange:
    if success:
        reached = state.successes >= probe.success_threshold
        return ProbeChange.PASSED if reached and state.passed is not True else ProbeChange.UNCHANGED
    reached = state.failures >= probe.failure_threshold
    # Readiness starts out failed; reaching the threshold there says nothing new, yet it is worth a cause.
    return ProbeChange.FAILED if reached and state.passed is not False else ProbeChange.UNCHANGED


def _next_due(probe: Probe, state: ProbeState, now: float, took: float) -> float:
    if not state.eager:
        return max(now, state.instant)
    # A command costs a process: it never takes more than half of the time.
    pause = max(EAGER_INTERVAL, took) if isinstance(probe.handler, Exec) else EAGER_INTERVAL
    return max(now, min(state.instant, now + pause))
