"""What was healthy and did not stay so: only liveness of new replicas since then, never what was outlived."""

from dataclasses import replace

import pytest

from flaskship.model.snapshot import KilledBy, ReplicaPhase
from flaskship.model.verdict import Outcome
from flaskship.verification.judge import judge
from flaskship.verification.relapse import failing, is_failing, relapses


@pytest.fixture
def healthy(make):
    return seen(make, ready=True, phase=ReplicaPhase.READY)


def seen(make, **more):
    given = {"ready": True, "phase": ReplicaPhase.READY}
    one = make.replica(**(given | more))
    return make.snapshot(
        make.workload(one, complete=one.ready), release=make.release(applied_at=make.NOW - 60)
    )


def test_what_stays_well_has_no_relapse(make, healthy):
    assert relapses(healthy, healthy) == ()
    assert not is_failing(healthy)


def test_a_liveness_probe_that_fails_beside_is_no_end_and_no_success(make, healthy):
    now = seen(make, probes=(make.probe("liveness", 1, 3),))
    assert judge(now, make.NOW).outcome is Outcome.SUCCESSFUL, "alone the rollout looks done"
    assert relapses(healthy, now) == ()
    assert is_failing(now)
    [cause] = failing(now)
    assert (cause.code, cause.field) == ("LivenessFailed", "probes.liveness")
    assert cause.message.startswith(
        "The liveness probe failed once: GET http://127.1.0.1:5000/ready answered 503 Service Unavailable: "
        "database down. After 3 times in a row the container would have been restarted. "
    )
    assert failing(healthy) == ()


def test_a_definite_answer_is_the_end_at_its_first_failure(make, healthy):
    first = replace(make.probe("liveness", 1, 3, "404 NOT FOUND: nothing\nhere"), status=404)
    [cause] = relapses(healthy, seen(make, probes=(first,)))
    assert cause.message == (
        "The liveness probe failed once: GET http://127.1.0.1:5000/ready answered 404 NOT FOUND. "
        "After 3 times in a row the container would have been restarted. Correct what the probe asks, or "
        "what the application answers there."
    )
    again = replace(first, consecutive=2)
    assert "failed 2 times in a row: GET" in relapses(healthy, seen(make, probes=(again,)))[0].message
    for status in (None, 429, 503):
        assert relapses(healthy, seen(make, probes=(replace(first, status=status),))) == ()


def test_what_an_earlier_run_was_answered_is_none_of_this_one(make, healthy):
    stale = replace(make.probe("liveness", 3, 3, "404 NOT FOUND"), status=404)
    now = seen(make, probes=(stale,), started_at=make.NOW - 0.5)
    assert relapses(healthy, now) == ()
    assert not is_failing(now)


def test_at_its_threshold_it_is_the_cause_with_the_field_that_sets_it(make, healthy):
    [cause] = relapses(healthy, seen(make, probes=(make.probe("liveness", 3, 3, "404 NOT FOUND"),)))
    assert (cause.code, cause.field) == ("LivenessFailed", "probes.liveness")
    assert "404 NOT FOUND" in cause.evidence


def test_a_restart_by_liveness_since_then_is_the_cause_ready_again_or_not(make, healthy):
    killed = make.exit(137, killed_by=KilledBy.LIVENESS)
    for ready in (True, False):
        [cause] = relapses(healthy, seen(make, ready=ready, exits=(killed,)))
        assert cause.code == "LivenessFailed"


def test_a_restart_that_was_outlived_before_it_was_healthy_counts_no_more(make):
    killed = make.exit(137, killed_by=KilledBy.LIVENESS)
    before = seen(make, exits=(killed,))
    assert relapses(before, before) == ()
    assert len(relapses(before, seen(make, exits=(killed, killed)))) == 1


@pytest.mark.parametrize(
    "more",
    [{"current": False}, {"phase": ReplicaPhase.TERMINATING}, {"created_at": 0.0}],
    ids=["of the old template", "ending", "made before the apply"],
)
def test_what_is_not_of_the_new_revision_is_not_blamed(make, healthy, more):
    now = seen(make, probes=(make.probe("liveness", 3, 3),), **more)
    assert relapses(healthy, now) == ()
    assert not is_failing(now)


def test_another_probe_and_another_end_are_none_of_liveness(make, healthy):
    now = seen(make, probes=(make.probe("readiness"),), exits=(make.exit(1),))
    assert relapses(healthy, now) == ()
    assert not is_failing(now)


def test_ten_replicas_are_one_cause(make, healthy):
    ten = [make.replica(uid=str(n), ready=True, probes=(make.probe("liveness"),)) for n in range(10)]
    now = make.snapshot(make.workload(*ten), release=make.release(applied_at=make.NOW - 60))
    assert len(relapses(healthy, now)) == 1
