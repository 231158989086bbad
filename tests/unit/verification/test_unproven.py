"""Who runs without a probe counts once it has run for a while; until then its exits are those of a start."""

from dataclasses import replace

import pytest
from tests.contract.documents import deployment

from flaskship.model.release import Document
from flaskship.model.snapshot import Exit, KilledBy, ReplicaPhase, Snapshot
from flaskship.model.verdict import Outcome
from flaskship.verification.judge import judge
from flaskship.verification.relapse import crashed
from flaskship.verification.unproven import SECONDS, TRIAL_SECONDS, Doubt, unprobed

from .conftest import NOW, exit, probe, release, replica, snapshot, workload


def bare(name: str = "api") -> Document:
    document = deployment(name, "demo:1.0")
    del document["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    return document


def running(*exits: object, **more: object) -> Snapshot:
    """What an engine says of a process that runs, by Kubernetes' meaning: ready, and all is complete."""
    one = replica(
        phase=ReplicaPhase.READY, ready=True, was_ready=True, exits=exits, **{"created_at": NOW, **more}
    )
    return snapshot(workload(one, ready=1, available=1, complete=True), release=release(applied_at=NOW - 1))


def resting(*exits: object) -> Snapshot:
    """The same one after an exit, while it waits for its next start."""
    one = replica(phase=ReplicaPhase.BACK_OFF, was_ready=True, created_at=NOW, exits=exits)
    return snapshot(workload(one), release=release(applied_at=NOW - 1))


def test_only_what_nobody_asks_is_doubted() -> None:
    started = bare("started")
    started["spec"]["template"]["spec"]["containers"][0]["startupProbe"] = {"exec": {"command": ["true"]}}
    job: Document = {"kind": "Job", "metadata": {"name": "job"}, "spec": {}}
    assert unprobed([bare(), deployment("web", "demo:1.0"), started, job]) == {"api"}


def test_a_process_without_a_probe_counts_once_it_has_run_for_a_while() -> None:
    doubt = Doubt([bare()])
    assert judge(doubt.of(running(), NOW), NOW) is None
    assert judge(doubt.of(running(), NOW + SECONDS / 2), NOW + SECONDS / 2) is None
    told = judge(doubt.of(running(), NOW + SECONDS), NOW + SECONDS)
    assert told is not None
    assert told.outcome is Outcome.SUCCESSFUL


@pytest.mark.parametrize("documents", [[deployment("api", "demo:1.0")], []], ids=["asked", "unknown"])
def test_one_that_is_asked_counts_at_once(documents: list[Document]) -> None:
    assert Doubt(documents).of(running(), NOW) == running()


def test_one_of_an_earlier_revision_has_shown_itself() -> None:
    old = running(created_at=NOW - 100)
    assert Doubt([bare()]).of(old, NOW) == old


def test_a_cause_that_ends_at_once_ends_it_although_it_was_called_ready() -> None:
    lines = (
        "Traceback (most recent call last):",
        '  File "x.py", line 1, in <module>',
        "ModuleNotFoundError: No module named 'nope'",
    )
    told = judge(Doubt([bare()]).of(resting(exit(1, lines=lines)), NOW), NOW)
    assert told is not None
    assert [one.code for one in told.causes] == ["PythonImportError"]
    assert judge(resting(exit(1, lines=lines)), NOW) is None, "the judge alone believes the engine"


def test_another_exit_ends_it_at_the_second_also_while_it_runs_again() -> None:
    doubt = Doubt([bare()])
    assert judge(doubt.of(resting(exit(3)), NOW), NOW) is None
    assert judge(doubt.of(running(exit(3)), NOW), NOW) is None
    told = judge(doubt.of(running(exit(3), exit(3)), NOW), NOW)
    assert told is not None
    assert [one.code for one in told.causes] == ["ExitNonZero"]


def test_one_exit_is_outlived_by_a_start_that_lasts() -> None:
    doubt = Doubt([bare()])
    doubt.of(running(exit(3)), NOW)
    assert judge(doubt.of(running(exit(3)), NOW + SECONDS), NOW + SECONDS) is None
    told = judge(doubt.of(running(exit(3)), NOW + TRIAL_SECONDS), NOW + TRIAL_SECONDS)
    assert told is not None
    assert told.outcome is Outcome.SUCCESSFUL


def asked() -> Doubt:
    return Doubt([deployment("api", "demo:1.0")])


def test_who_is_asked_and_has_just_failed_is_no_success_in_an_instant_of_ready() -> None:
    doubt = asked()
    sidecar = exit(3, container="side")
    assert judge(running(sidecar), NOW) is not None, "the judge alone believes the engine"
    assert judge(doubt.of(running(sidecar), NOW), NOW) is None
    told = judge(doubt.of(running(sidecar, exit(3, container="side")), NOW), NOW)
    assert told is not None
    assert [one.code for one in told.causes] == ["ExitNonZero"]


def test_also_one_that_an_undo_finds_there_is_on_trial() -> None:
    old = running(exit(3), exit(3), created_at=NOW - 100)
    assert judge(asked().of(old, NOW), NOW) is None


@pytest.mark.parametrize(
    "one",
    [
        exit(3, at=NOW - TRIAL_SECONDS),
        exit(1, init=True, container="migrate"),
        exit(0, killed_by=KilledBy.ENGINE),
    ],
    ids=["long ago", "what prepared it", "ended by us"],
)
def test_what_says_nothing_of_now_holds_nothing_up(one: Exit) -> None:
    assert asked().of(running(one), NOW) == running(one)


def test_a_job_has_its_own_count() -> None:
    job = snapshot(
        workload(replica(ready=True, exits=(exit(1),)), kind="Job"), release=release(applied_at=NOW - 1)
    )
    assert asked().of(job, NOW) == job


def test_who_was_ready_and_failed_is_told_by_its_exit_and_not_by_its_probe() -> None:
    lost = replica(
        phase=ReplicaPhase.RUNNING,
        was_ready=True,
        created_at=NOW,
        started_at=NOW,
        exits=(exit(4, after_ready=True),),
        probes=(probe("readiness", answer="connection refused"),),
    )
    seen = snapshot(workload(lost), release=release(applied_at=NOW - 1))
    before = judge(seen, NOW)
    assert before is not None
    assert [one.code for one in before.causes] == ["ReadinessFailed"]
    assert judge(asked().of(seen, NOW), NOW) is None
    assert [one.code for one in crashed(seen)] == ["ExitNonZero"]


def test_nothing_is_doubted_where_nothing_was_applied() -> None:
    nothing = replace(running(), release=None)
    assert Doubt([bare()]).of(nothing, NOW) is nothing
