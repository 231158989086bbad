"""The phase of a whole environment, and what makes a workload Degraded."""

from dataclasses import replace

import pytest

from flaskship.engines.local.supervisor.observing import in_trouble, overall
from flaskship.model.snapshot import Exit, KilledBy, Phase, Problem, ReplicaPhase, ReplicaSnapshot

HEALTHY, DEGRADED, PROGRESSING, PAUSED = Phase.HEALTHY, Phase.DEGRADED, Phase.PROGRESSING, Phase.PAUSED


@pytest.mark.parametrize(
    ("phases", "worst"),
    [
        ((), HEALTHY),
        ((HEALTHY, HEALTHY), HEALTHY),
        ((HEALTHY, PAUSED), PAUSED),
        ((PAUSED, PROGRESSING), PROGRESSING),
        ((PROGRESSING, DEGRADED, HEALTHY), DEGRADED),
    ],
)
def test_an_environment_is_as_well_as_its_worst_workload(phases: tuple[Phase, ...], worst: Phase) -> None:
    assert overall(phases, running=True, ending=True) is worst


def test_an_environment_that_is_going_down_is_not_healthy_for_having_nothing_left() -> None:
    assert overall((), running=False, ending=True) is PROGRESSING
    assert overall((), running=False, ending=False) is Phase.STOPPED


def replica(phase: ReplicaPhase, *exits: Exit) -> ReplicaSnapshot:
    return ReplicaSnapshot(
        name="web-1",
        uid="u1",
        template="t",
        current=True,
        phase=phase,
        ready=phase is ReplicaPhase.READY,
        restarts=len(exits),
        created_at=1.0,
        exits=exits,
    )


BAD = Exit("web", 2.0, code=1)


@pytest.mark.parametrize("phase", [ReplicaPhase.BACK_OFF, ReplicaPhase.STARTING, ReplicaPhase.RUNNING])
def test_who_fails_again_and_again_is_in_trouble_while_it_runs_as_well(phase: ReplicaPhase) -> None:
    assert in_trouble(replica(phase, BAD))


@pytest.mark.parametrize(
    "one",
    [
        replica(ReplicaPhase.STARTING),
        replica(ReplicaPhase.READY, BAD),
        replica(ReplicaPhase.TERMINATING, BAD),
        replica(ReplicaPhase.STARTING, BAD, Exit("web", 3.0, signal=15, killed_by=KilledBy.ENGINE)),
        replica(ReplicaPhase.STARTING, Exit("migrate", 2.0, code=0, init=True)),
        replica(
            ReplicaPhase.STARTING, Exit("migrate", 2.0, code=1, init=True), Exit("migrate", 3.0, 0, init=True)
        ),
    ],
    ids=[
        "starts",
        "is ready again",
        "is on its way out",
        "was told to end",
        "initialized",
        "initialized at last",
    ],
)
def test_who_is_well_or_only_begins_is_not_in_trouble(one: ReplicaSnapshot) -> None:
    assert not in_trouble(one)


@pytest.mark.parametrize("terminal", [True, False])
def test_who_lacks_what_no_waiting_brings_is_in_trouble_though_nothing_ran(terminal: bool) -> None:
    lacking = Problem("ConfigMapMissing", "no such", terminal=terminal)
    assert in_trouble(replace(replica(ReplicaPhase.PENDING), problem=lacking)) is terminal


def test_whose_process_was_ended_by_its_liveness_probe_is_in_trouble_until_it_is_ready() -> None:
    killed = Exit("web", 2.0, signal=15, killed_by=KilledBy.LIVENESS)
    assert in_trouble(replica(ReplicaPhase.RUNNING, killed))
