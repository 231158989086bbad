"""When a rollout has failed, when it is done, and when nobody can tell yet."""

import pytest

from flaskship.model.snapshot import KilledBy, Phase, ReplicaPhase
from flaskship.model.verdict import Outcome
from flaskship.verification.judge import causes, judge, standing

IMPORT_ERROR = (
    "Traceback (most recent call last):",
    '  File "/app/wsgi.py", line 1, in <module>',
    "    import nope",
    "ModuleNotFoundError: No module named 'nope'",
)


def failed_with(verdict) -> list[str]:
    assert verdict is not None, "no verdict yet"
    assert verdict.outcome is Outcome.FAILED
    return [cause.code for cause in verdict.causes]


def test_nothing_applied_has_no_verdict(make):
    assert judge(make.snapshot(release=None), make.NOW) is None


def test_a_release_without_workloads_is_successful(make):
    assert judge(make.snapshot(), make.NOW).outcome is Outcome.SUCCESSFUL


def test_all_complete_is_successful_and_has_no_cause(make):
    done = make.workload(make.replica(ready=True), complete=True)
    verdict = judge(make.snapshot(done, done), make.NOW)
    assert (verdict.outcome, verdict.causes) == (Outcome.SUCCESSFUL, ())


def test_only_what_degrades_a_workload_is_told_of_what_stands(make):
    lacking = make.replica(problem=make.problem("ConfigMapMissing", "no such"))
    degraded = make.workload(lacking, name="a", application="a", phase=Phase.DEGRADED)
    begins = make.workload(make.replica(probes=(make.probe("startup"),)), name="b", application="b")
    assert [one.code for one in standing(make.snapshot(degraded, begins))] == ["ConfigMapMissing"]
    assert standing(make.snapshot(begins)) == ()


def test_one_workload_under_way_is_no_verdict(make):
    done = make.workload(make.replica(ready=True), complete=True)
    assert judge(make.snapshot(done, make.workload(make.replica())), make.NOW) is None


def test_one_failed_workload_fails_the_release_at_once(make):
    failing = make.workload(make.replica(exits=(make.exit(127),)))
    assert failed_with(judge(make.snapshot(make.workload(make.replica()), failing), make.NOW)) == [
        "CommandNotFound"
    ]


@pytest.mark.parametrize("code", [126, 127])
def test_a_command_that_cannot_run_is_terminal_at_once(make, code):
    assert judge(make.one(exits=(make.exit(code),)), make.NOW).outcome is Outcome.FAILED


def test_an_import_error_is_terminal_even_while_it_is_being_restarted(make):
    restarted = make.one(exits=(make.exit(3, at=make.NOW - 5, lines=IMPORT_ERROR),), started_at=make.NOW - 4)
    assert failed_with(judge(restarted, make.NOW)) == ["PythonImportError"]


def test_another_exit_is_terminal_at_its_second_occurrence(make):
    once = (make.exit(3, at=make.NOW - 9),)
    assert judge(make.one(exits=once), make.NOW) is None
    assert failed_with(judge(make.one(exits=(*once, make.exit(3))), make.NOW)) == ["ExitNonZero"]


def test_an_unknown_exit_counts_like_a_failed_one(make):
    assert judge(make.one(exits=(make.exit(),)), make.NOW) is None
    assert failed_with(judge(make.one(exits=(make.exit(), make.exit())), make.NOW)) == ["ExitUnknown"]


@pytest.mark.parametrize("container", ["migrate", "seed"])
def test_an_unknown_exit_of_an_init_container_is_terminal_at_its_second_occurrence(make, container):
    unseen = make.exit(container=container, init=True)
    assert judge(make.one(exits=(unseen,)), make.NOW) is None
    assert failed_with(judge(make.one(exits=(unseen, unseen)), make.NOW)) == ["ExitUnknown"]


def test_an_init_container_that_fails_when_it_is_repeated_is_terminal_at_once(make):
    tries = (make.exit(container="migrate", init=True), make.exit(1, container="migrate", init=True))
    assert failed_with(judge(make.one(exits=tries), make.NOW)) == ["MigrationFailed"]


def test_what_the_engine_ended_itself_never_counts(make):
    ended = tuple(make.exit(code, killed_by=KilledBy.ENGINE) for code in (143, 0, 127))
    assert judge(make.one(exits=ended), make.NOW) is None
    assert causes(make.one(exits=ended), make.NOW) == ()


def test_a_failed_init_container_is_terminal_at_once(make):
    assert failed_with(judge(make.one(exits=(make.exit(1, container="seed", init=True),)), make.NOW)) == [
        "InitContainerFailed"
    ]


def test_an_init_container_that_ended_well_is_nothing(make):
    assert judge(make.one(exits=(make.exit(0, container="seed", init=True),) * 3), make.NOW) is None


@pytest.mark.parametrize(("terminal", "fails"), [(True, True), (False, False)])
def test_a_problem_fails_when_it_is_terminal(make, terminal, fails):
    stuck = make.one(problem=make.problem("SecretMissing", terminal=terminal), phase=ReplicaPhase.PENDING)
    assert (judge(stuck, make.NOW) is not None) is fails
    assert [cause.code for cause in causes(stuck, make.NOW)] == ["SecretMissing"]


def test_a_problem_of_a_kind_nobody_knows_still_fails(make):
    stuck = make.one(problem=make.problem("Unheard", "the moon is wrong"))
    verdict = judge(stuck, make.NOW)
    assert failed_with(verdict) == ["StartFailed"]
    assert verdict.causes[0].message.startswith("the moon is wrong. ")


def test_old_replicas_and_those_that_end_never_fail_a_rollout(make):
    sick = {"exits": (make.exit(127), make.exit(127))}
    assert judge(make.one(current=False, **sick), make.NOW) is None
    assert judge(make.one(phase=ReplicaPhase.TERMINATING, **sick), make.NOW) is None


def test_a_replica_that_became_ready_is_forgiven_its_crashes(make):
    well = make.one(ready=True, was_ready=True, phase=ReplicaPhase.READY, exits=(make.exit(1), make.exit(1)))
    assert judge(well, make.NOW) is None
    assert causes(well, make.NOW) == ()


def test_after_ready_one_crash_is_not_the_end_but_two_are(make):
    lost = {"was_ready": True, "exits": (make.exit(1, after_ready=True),)}
    assert judge(make.one(**lost), make.NOW) is None
    assert judge(make.one(**(lost | {"exits": lost["exits"] * 2})), make.NOW).outcome is Outcome.FAILED


def test_after_ready_a_liveness_failure_is_terminal(make):
    killed = make.exit(0, killed_by=KilledBy.LIVENESS, after_ready=True)
    assert failed_with(judge(make.one(was_ready=True, exits=(killed,)), make.NOW)) == ["LivenessFailed"]


def test_before_ready_a_liveness_failure_has_a_second_try(make):
    killed = make.exit(signal=9, killed_by=KilledBy.LIVENESS)
    assert judge(make.one(exits=(killed,)), make.NOW) is None
    assert failed_with(judge(make.one(exits=(killed, killed)), make.NOW)) == ["LivenessFailed"]


@pytest.mark.parametrize(("consecutive", "fails"), [(2, False), (3, True)])
def test_after_ready_readiness_lost_to_its_threshold_is_terminal(make, consecutive, fails):
    lost = make.one(
        was_ready=True, phase=ReplicaPhase.RUNNING, probes=(make.probe("readiness", consecutive),)
    )
    assert (judge(lost, make.NOW) is not None) is fails


def test_without_a_startup_probe_readiness_that_answers_503_waits_for_the_deadline(make):
    waiting = make.replica(phase=ReplicaPhase.RUNNING, probes=(make.probe("readiness", 50),))
    assert judge(make.snapshot(make.workload(waiting)), make.NOW) is None
    late = make.workload(waiting, progressed_at=make.NOW - 601)
    assert failed_with(judge(make.snapshot(late), make.NOW)) == ["ReadinessFailed"]


def test_the_deadline_alone_is_a_cause_when_nothing_else_is(make):
    late = make.workload(make.replica(), progressed_at=make.NOW - 601)
    assert failed_with(judge(make.snapshot(late), make.NOW)) == ["ProgressDeadlineExceeded"]


def test_a_late_rollout_without_any_replica_fails_with_a_cause(make):
    assert failed_with(judge(make.snapshot(make.workload(progressed_at=0.0)), make.NOW)) == [
        "ProgressDeadlineExceeded"
    ]


def test_a_paused_rollout_has_no_deadline(make):
    assert (
        judge(make.snapshot(make.workload(make.replica(), progressed_at=0.0, paused=True)), make.NOW) is None
    )


def test_a_job_fails_when_it_gave_up_not_before(make):
    tries = (make.exit(1), make.exit(1))
    running = make.workload(make.replica(exits=tries), kind="Job", progressed_at=0.0)
    assert judge(make.snapshot(running), make.NOW) is None
    gave_up = make.workload(make.replica(exits=tries), kind="Job", phase=Phase.DEGRADED)
    assert failed_with(judge(make.snapshot(gave_up), make.NOW)) == ["JobFailed"]


def test_a_job_may_run_out_of_memory_as_often_as_it_has_retries(make):
    tries = (make.exit(signal=9, killed_by=KilledBy.MEMORY_LIMIT),) * 2
    assert judge(make.snapshot(make.workload(make.replica(exits=tries), kind="Job")), make.NOW) is None


def test_a_job_that_succeeded_in_the_end_is_forgiven_its_failed_attempts(make):
    failed = make.replica(phase=ReplicaPhase.FAILED, exits=(make.exit(127),))
    done = make.workload(failed, make.replica(phase=ReplicaPhase.SUCCEEDED), kind="Job", complete=True)
    assert judge(make.snapshot(done), make.NOW).outcome is Outcome.SUCCESSFUL


def test_after_ready_a_missing_command_has_a_second_try_too(make):
    assert judge(make.one(was_ready=True, exits=(make.exit(127, after_ready=True),)), make.NOW) is None


def test_a_job_whose_replicas_are_gone_still_fails(make):
    assert failed_with(judge(make.snapshot(make.workload(kind="Job", phase=Phase.DEGRADED)), make.NOW)) == [
        "JobFailed"
    ]


def test_ten_replicas_fail_for_one_reason(make):
    sick = tuple(make.replica(name=f"api-{n}", exits=(make.exit(127),)) for n in range(10))
    verdict = judge(make.snapshot(make.workload(*sick)), make.NOW)
    assert [cause.replica for cause in verdict.causes] == ["api-0"]


def test_a_failed_verdict_always_has_a_cause_and_the_deadline_tells_all(make):
    late = make.workload(
        make.replica(name="a", phase=ReplicaPhase.RUNNING, probes=(make.probe("readiness", 1),)),
        make.replica(name="b", exits=(make.exit(3, at=make.NOW - 1),)),
        progressed_at=0.0,
    )
    assert failed_with(judge(make.snapshot(late), make.NOW)) == ["ReadinessFailed", "ExitNonZero"]


@pytest.mark.parametrize(
    ("created", "blamed"), [(-100.0, False), (-0.5, False), (0.0, True), (5.0, True)], ids=str
)
def test_only_replicas_that_this_revision_made_end_its_rollout(make, created, blamed):
    applied = make.NOW - 20
    crashing = make.workload(
        make.replica(
            created_at=applied + created,
            exits=(make.exit(1, at=make.NOW - 9), make.exit(1, at=make.NOW - 4)),
        )
    )
    verdict = judge(make.snapshot(crashing, release=make.release(applied_at=applied)), make.NOW)
    assert (verdict is not None) is blamed


def test_an_earlier_replica_is_named_once_the_deadline_has_passed(make):
    crashing = make.workload(
        make.replica(created_at=make.NOW - 900, exits=(make.exit(1), make.exit(1))),
        progressed_at=make.NOW - 700,
    )
    release = make.release(applied_at=make.NOW - 700)
    assert failed_with(judge(make.snapshot(crashing, release=release), make.NOW)) == ["ExitNonZero"]


@pytest.mark.parametrize(("terminal", "fails"), [(True, True), (False, False)])
def test_a_refused_workload_fails_when_the_refusal_is_final(make, terminal, fails):
    refused = make.workload(problem=make.problem("QuotaExceeded", terminal=terminal))
    verdict = judge(make.snapshot(refused), make.NOW)
    assert (verdict is not None) is fails
    assert [cause.code for cause in causes(make.snapshot(refused), make.NOW)] == ["QuotaExceeded"]


def test_a_refusal_that_may_pass_is_told_at_the_deadline(make):
    refused = make.workload(problem=make.problem("QuotaExceeded", terminal=False), progressed_at=0.0)
    assert failed_with(judge(make.snapshot(refused), make.NOW)) == ["QuotaExceeded"]


def test_a_refusal_of_a_kind_nobody_knows_still_fails(make):
    refused = make.workload(problem=make.problem("Unheard", "the moon is wrong"))
    assert failed_with(judge(make.snapshot(refused), make.NOW)) == ["PodCreationFailed"]
