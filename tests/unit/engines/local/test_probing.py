"""Histories of probes, replayed with a clock of their own."""

import math
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.probing import ProbeChange, ProbeEvent, ProbeState, advance, begin
from flaskship.engines.local.spec import Exec, HttpGet, Probe

HTTP = HttpGet(path="/ready", port=5000)


@dataclass
class World:
    """Runs one probe against an application that answers, refuses or hangs by the time."""

    probe: Probe
    kind: str
    answers: object  # time -> True, False, or None for a process that hangs until the timeout
    started_at: float = 0.0
    attempts: list[float] = field(default_factory=list)
    changes: list[tuple[float, ProbeChange]] = field(default_factory=list)
    state: ProbeState | None = None

    def play(self, until, now=0.0, port_opens=math.inf, takes=0.0) -> "World":
        state = begin(self.probe, self.kind, self.started_at, now)
        due = state.due
        while True:
            event, at = (ProbeEvent.PORT_OPENED, port_opens) if port_opens < due else (ProbeEvent.TICK, due)
            if event is ProbeEvent.PORT_OPENED:
                port_opens = math.inf
            if at > until:
                break
            now = max(now, at)
            step = advance(self.probe, state, event, now)
            if step.run:
                self.attempts.append(round(now, 6))
                answer = self.answers(now)
                now += self.probe.timeout if answer is None else takes
                told = ProbeEvent.SUCCESS if answer else ProbeEvent.FAILURE
                step = advance(self.probe, step.state, told, now)
                if step.change is not ProbeChange.UNCHANGED:
                    self.changes.append((round(now, 6), step.change))
            state, due = step.state, step.due
        self.state = state
        return self


def test_a_ready_application_is_found_at_once_although_the_delay_is_long():
    world = World(Probe(HTTP, initial_delay=30), "readiness", lambda now: now >= 0.35).play(until=5)
    assert world.changes == [(0.4, ProbeChange.PASSED)]


def test_failures_before_kubernetes_instants_do_not_count():
    probe = Probe(HTTP, period=10, failure_threshold=2)
    world = World(probe, "startup", lambda now: False).play(until=100)
    assert world.changes == [(10.0, ProbeChange.FAILED)]


def test_initial_delay_moves_the_instants():
    probe = Probe(HTTP, initial_delay=7, period=5, failure_threshold=3)
    world = World(probe, "startup", lambda now: False).play(until=100)
    assert world.changes == [(17.0, ProbeChange.FAILED)]


def test_after_the_first_success_only_the_instants_are_left():
    world = World(Probe(HTTP, period=10), "readiness", lambda now: True).play(until=35)
    assert world.attempts == [0.0, 10.0, 20.0, 30.0]


def test_the_opening_port_is_tried_at_once():
    world = World(Probe(HTTP), "readiness", lambda now: now >= 0.13)
    world.play(until=1, port_opens=0.13)
    assert world.changes == [(0.13, ProbeChange.PASSED)]


def test_readiness_is_lost_at_the_threshold_and_regained_at_the_next_success():
    probe = Probe(HTTP, period=10, failure_threshold=3)
    world = World(probe, "readiness", lambda now: not 15 <= now < 55).play(until=80)
    assert world.changes == [
        (0.0, ProbeChange.PASSED),
        (40.0, ProbeChange.FAILED),
        (60.0, ProbeChange.PASSED),
    ]


def test_a_success_between_failures_starts_the_count_anew():
    probe = Probe(HTTP, period=10, failure_threshold=3)
    world = World(probe, "liveness", lambda now: round(now / 10) % 3 == 0).play(until=200)
    assert world.changes == []


def test_several_successes_may_be_asked_for():
    probe = Probe(HTTP, period=10, success_threshold=3)
    world = World(probe, "readiness", lambda now: True).play(until=60)
    assert world.changes == [(20.0, ProbeChange.PASSED)]


def test_successes_have_to_be_consecutive():
    probe = Probe(HTTP, period=10, success_threshold=2)
    world = World(probe, "readiness", lambda now: round(now / 10) % 2 == 0).play(until=100)
    assert world.changes == []


def test_instants_that_were_slept_through_are_made_up_for_once():
    probe = Probe(HTTP, period=10)
    step = advance(probe, begin(probe, "liveness", 0.0, 0.0), ProbeEvent.TICK, 35.0)
    assert step.run
    assert advance(probe, step.state, ProbeEvent.SUCCESS, 35.1).due == 40.0


def test_liveness_starts_alive_and_is_not_probed_before_its_delay():
    probe = Probe(HTTP, initial_delay=15, period=10, failure_threshold=2)
    world = World(probe, "liveness", lambda now: False).play(until=100)
    assert world.attempts == [15.0, 25.0]
    assert world.changes == [(25.0, ProbeChange.FAILED)]
    assert world.state.over


def test_a_frozen_process_fails_by_its_timeouts():
    probe = Probe(HTTP, period=10, timeout=1, failure_threshold=3)
    world = World(probe, "liveness", lambda now: None if now > 12 else True).play(until=100)
    assert world.changes == [(41.0, ProbeChange.FAILED)]


def test_a_timeout_longer_than_the_period_probes_back_to_back_but_never_twice_at_once():
    probe = Probe(HTTP, period=1, timeout=5, failure_threshold=2)
    world = World(probe, "liveness", lambda now: None).play(until=30)
    assert world.attempts == [0.0, 5.0]


def test_a_gated_probe_begins_with_the_startup_success():
    probe = Probe(HTTP, initial_delay=5, period=10, failure_threshold=3)
    world = World(probe, "liveness", lambda now: False).play(until=100, now=42.0)
    assert world.attempts == [42.0, 52.0, 62.0]


def test_a_passed_startup_probe_is_never_tried_again():
    world = World(Probe(HTTP, period=1), "startup", lambda now: True).play(until=100)
    assert world.attempts == [0.0]


def test_a_slow_command_takes_half_of_the_time_at_most():
    probe = Probe(Exec(("true",)), period=10, timeout=5, failure_threshold=100)
    world = World(probe, "readiness", lambda now: False).play(until=9, takes=0.8)
    assert world.attempts == [0.0, 1.6, 3.2, 4.8, 6.4, 8.0]


def test_a_result_nobody_asked_for_and_a_tick_too_early_change_nothing():
    probe = Probe(HTTP)
    state = begin(probe, "liveness", 0.0, 0.0)
    state = advance(probe, advance(probe, state, ProbeEvent.TICK, 0.0).state, ProbeEvent.SUCCESS, 0.1).state
    for event in ProbeEvent:
        step = advance(probe, state, event, 5.0)
        assert (step.state, step.run, step.change) == (state, False, ProbeChange.UNCHANGED)


def test_a_second_tick_while_a_probe_runs_starts_no_other():
    probe = Probe(HTTP)
    running = advance(probe, begin(probe, "readiness", 0.0, 0.0), ProbeEvent.TICK, 0.0).state
    step = advance(probe, running, ProbeEvent.PORT_OPENED, 0.5)
    assert (step.run, step.due) == (False, math.inf)


@given(
    answers=st.lists(st.sampled_from([True, False, None]), min_size=60, max_size=60),
    period=st.integers(1, 5),
    timeout=st.integers(1, 3),
    failures=st.integers(1, 4),
    kind=st.sampled_from(["startup", "readiness", "liveness"]),
)
def test_no_history_fails_sooner_than_kubernetes_could(answers, period, timeout, failures, kind):
    probe = Probe(HTTP, period=period, timeout=timeout, failure_threshold=failures)
    world = World(probe, kind, lambda now: answers[min(int(now), 59)]).play(until=60)
    failed = [at for at, change in world.changes if change is ProbeChange.FAILED]
    assert all(at >= (failures - 1) * period for at in failed)
    changes = [change for _, change in world.changes]
    assert all(one is not two for one, two in pairwise(changes))
