"""Probes that fail: what must be named of them, and what must not.

The recordings are what gunicorn, Python and the shell really wrote.
"""

from tests.unit.verification.causes.reading import only, told

from flaskship.model.snapshot import KilledBy, ReplicaPhase


def test_liveness_failed(make):
    killed = make.exit(signal=9, killed_by=KilledBy.LIVENESS)
    cause = only(make, "LivenessFailed", exits=(killed,), probes=(make.probe("liveness"),))
    assert cause.evidence == ("GET http://127.1.0.1:5000/ready", "503 Service Unavailable: database down")
    assert "3 times in a row" in cause.message


def test_liveness_below_its_threshold_is_no_cause(make):
    assert told(make, phase=ReplicaPhase.RUNNING, probes=(make.probe("liveness", 2),)) == ()


def test_startup_failed(make):
    killed = make.exit(0, killed_by=KilledBy.STARTUP, lines=("still loading",))
    cause = only(make, "StartupFailed", exits=(killed,), probes=(make.probe("startup", 30, 30),))
    assert "30 attempts" in cause.message
    assert cause.evidence[-1] == "still loading"


def test_a_startup_failure_is_told_so_when_the_liveness_killer_was_named(make):
    killed = make.exit(signal=15, killed_by=KilledBy.LIVENESS)
    only(make, "StartupFailed", exits=(killed,), probes=(make.probe("startup", 30, 30),))


def test_startup_below_its_threshold_is_no_cause(make):
    assert told(make, probes=(make.probe("startup", 29, 30),)) == ()


def test_readiness_failed(make):
    cause = only(make, "ReadinessFailed", phase=ReplicaPhase.RUNNING, probes=(make.probe("readiness"),))
    assert "never became ready" in cause.message
    assert "database down" in cause.message
    assert cause.field == "probes.readiness"


def test_readiness_lost(make):
    probes = (make.probe("readiness", answer="connection refused\nmore"),)
    cause = only(make, "ReadinessFailed", phase=ReplicaPhase.RUNNING, was_ready=True, probes=probes)
    assert "no longer" in cause.message
    assert "more" not in cause.message
    assert "more" in cause.evidence


def test_readiness_below_its_threshold_is_no_cause_before_the_deadline(make):
    assert told(make, phase=ReplicaPhase.RUNNING, probes=(make.probe("readiness", 2),)) == ()


def test_a_crash_that_was_outlived_leaves_the_stage_to_readiness(make):
    outlived = (make.exit(1, at=make.NOW - 60),)
    assert [
        one.code
        for one in told(make, exits=outlived, phase=ReplicaPhase.RUNNING, probes=(make.probe("readiness"),))
    ] == ["ReadinessFailed"]
