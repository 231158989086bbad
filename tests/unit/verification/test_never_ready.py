"""Readiness that never came, at its threshold: what ends the rollout there, and what is waited for."""

from dataclasses import replace

import pytest

from flaskship.model.snapshot import ReplicaPhase
from flaskship.model.verdict import Outcome
from flaskship.verification.judge import judge


@pytest.fixture
def failing(make):
    """One replica that runs and whose readiness has failed three times of three, at the last second."""

    def replica(**more):
        probe = make.probe("readiness", **{k: more.pop(k) for k in ("consecutive", "answer") if k in more})
        facts = {k: more.pop(k) for k in ("status", "alike", "after_startup", "at") if k in more}
        given = {"phase": ReplicaPhase.RUNNING, "probes": (replace(probe, **({"period": 2.0} | facts)),)}
        return make.replica(**(given | more))

    return replica


def ended(make, *workloads, **more):
    verdict = judge(make.snapshot(*workloads, **more), make.NOW)
    if verdict is None:
        return None
    assert verdict.outcome is Outcome.FAILED
    return [cause.code for cause in verdict.causes]


NOT_FOUND = {"status": 404, "alike": 3, "answer": "404 NOT FOUND: no such page"}
UNREADY = {"status": 503, "alike": 3, "after_startup": True}


def test_a_definite_answer_at_the_threshold_ends_the_rollout_with_or_without_a_startup_probe(make, failing):
    for started in (False, True):
        assert ended(make, make.workload(failing(**NOT_FOUND, after_startup=started))) == ["ReadinessFailed"]


@pytest.mark.parametrize(
    "facts",
    [
        {"status": 404, "alike": 2},
        {"status": 429, "alike": 3},
        {"status": 503, "alike": 3},
        {"status": None, "alike": 3},
        {"status": 404, "alike": 3, "phase": ReplicaPhase.BACK_OFF},
        {"status": 404, "alike": 3, "started_at": 999.5},
        {"status": 404, "alike": 3, "current": False},
    ],
    ids=[
        "refused before, and twice so",
        "too many requests",
        "503",
        "no answer",
        "ended",
        "an earlier run's",
        "of the old template",
    ],
)
def test_without_a_startup_probe_anything_less_waits_for_the_deadline(make, failing, facts):
    assert ended(make, make.workload(failing(**facts))) is None
    late = make.workload(failing(**facts), progressed_at=make.NOW - 601)
    assert ended(make, late) is not None


@pytest.mark.parametrize("status", [503, 500, 429, None])
def test_any_answer_ends_it_once_the_startup_probe_has_succeeded(make, failing, status):
    assert ended(make, make.workload(failing(**UNREADY | {"status": status}))) == ["ReadinessFailed"]


def test_below_the_threshold_it_is_waited_for(make, failing):
    assert ended(make, make.workload(failing(**UNREADY, consecutive=2))) is None
    assert ended(make, make.workload(failing(status=404, alike=2, consecutive=2, after_startup=True))) is None


def test_what_is_slow_is_told_the_knob_and_what_is_wrong_is_not(make, failing):
    slow = judge(make.snapshot(make.workload(failing(**UNREADY))), make.NOW)
    assert "raise its failureThreshold (3)" in slow.causes[0].message
    assert slow.causes[0].field == "probes.readiness"
    wrong = judge(make.snapshot(make.workload(failing(**NOT_FOUND, after_startup=True))), make.NOW)
    assert "answered 404 NOT FOUND: no such page. " in wrong.causes[0].message
    assert "failureThreshold" not in wrong.causes[0].message


def test_a_replica_that_an_earlier_revision_made_is_not_blamed(make, failing):
    for facts in (UNREADY, NOT_FOUND):
        workload = make.workload(failing(**facts))
        assert ended(make, workload, release=make.release(applied_at=make.NOW - 10)) is None


def test_a_job_counts_its_own_tries(make, failing):
    for facts in (UNREADY, NOT_FOUND):
        assert ended(make, make.workload(failing(**facts), kind="Job")) is None


def test_while_something_else_of_the_release_comes_up_it_may_be_what_is_waited_for(make, failing):
    coming = make.workload(make.replica(), name="worker", application="worker")
    assert ended(make, make.workload(failing(**UNREADY)), coming) is None
    assert ended(make, make.workload(failing(**NOT_FOUND)), coming) == ["ReadinessFailed"], (
        "404 is no waiting"
    )


@pytest.mark.parametrize(("since", "verdict"), [(3.5, None), (4.0, ["ReadinessFailed"])])
def test_once_it_has_come_up_the_threshold_is_counted_anew(make, failing, since, verdict):
    up = make.replica(ready=True, ready_at=make.NOW - 1 - since)
    other = make.workload(up, name="worker", application="worker", complete=True)
    assert ended(make, make.workload(failing(**UNREADY)), other) == verdict


def test_a_job_that_has_just_ended_counts_as_come_up(make, failing):
    done = make.replica(phase=ReplicaPhase.SUCCEEDED, exits=(make.exit(0, at=make.NOW - 2),))
    job = make.workload(done, name="seed", application="seed", kind="Job", complete=True)
    assert ended(make, make.workload(failing(**UNREADY)), job) is None


def test_two_that_wait_for_what_is_not_of_the_release_do_not_wait_for_each_other(make, failing):
    both = (
        make.workload(failing(**UNREADY, name=name), name=name, application=name)
        for name in ("api", "worker")
    )
    assert ended(make, *both) == ["ReadinessFailed", "ReadinessFailed"]


def test_what_is_paused_comes_up_when_somebody_wants_it_to(make, failing):
    paused = make.workload(make.replica(), name="worker", application="worker", paused=True)
    assert ended(make, make.workload(failing(**UNREADY)), paused) == ["ReadinessFailed"]


def test_what_crashes_beside_it_is_the_cause(make, failing):
    crashed = make.replica(exits=(make.exit(1), make.exit(1)))
    other = make.workload(crashed, name="worker", application="worker")
    assert ended(make, make.workload(failing(**UNREADY)), other) == ["ExitNonZero"]


def test_liveness_that_is_answered_definitely_ends_a_rollout_at_its_first_failure(make):
    first = replace(make.probe("liveness", 1, 3, "404 NOT FOUND"), status=404)
    ready = make.replica(ready=True, was_ready=True, phase=ReplicaPhase.READY, probes=(first,))
    for complete in (False, True):
        assert ended(make, make.workload(ready, make.replica(), complete=complete)) == ["LivenessFailed"]
    old = make.workload(replace(ready, current=False), make.replica())
    earlier = make.workload(replace(ready, started_at=make.NOW), make.replica())
    slow = replace(ready, probes=(replace(first, status=503),))
    for spared in (old, earlier, make.workload(slow, make.replica())):
        assert ended(make, spared) is None
