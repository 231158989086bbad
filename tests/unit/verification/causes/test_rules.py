"""Each rule on a failure that it must name, and on near misses that it must not.

The recordings are what gunicorn, Python and the shell really wrote.
"""

from pathlib import Path

import pytest

from flaskship.model.snapshot import KilledBy, Phase, ReplicaPhase
from flaskship.verification.causes import REPLICA_RULES, WORKLOAD_RULES
from flaskship.verification.judge import causes

RECORDINGS = Path(__file__).parent / "recordings"
CODES = {rule.CODE for rule in (*REPLICA_RULES, *WORKLOAD_RULES)}


def recorded(name: str) -> tuple[str, ...]:
    return tuple((RECORDINGS / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def told(make, **replica):
    """Return the causes of one replica."""
    return causes(make.one(**replica), make.NOW)


def only(make, code, **replica):
    """Return the one cause, which has this code."""
    found = told(make, **replica)
    assert [cause.code for cause in found] == [code]
    assert (found[0].application, found[0].replica) == ("my-tomorrows-api", "api-1")
    assert found[0].message.endswith((".", "?"))
    return found[0]


PROBLEMS = {
    "ConfigMapMissing": "envFrom",
    "SecretMissing": "envFrom",
    "KeyMissing": "env",
    "ImageUnreadable": "image",
    "DockerfileInvalid": "image",
    "DependencyFailed": "image",
    "PortConflict": "service.targetPort",
    "PortNotHonoured": "command",
    "CommandNotFound": "command",
    "NotExecutable": "command",
    "StartFailed": "command",
    "ImagePullFailed": "image",
    "Unschedulable": "resources.requests",
    "VolumeMountFailed": "volumes",
    "Evicted": "resources.requests",
    "VariableInvalid": "env",
}
REFUSALS = {
    "QuotaExceeded": "resources.requests",
    "PodSecurityViolated": "securityContext",
    "AdmissionDenied": None,
    "PodCreationFailed": None,
    "WorkloadMissing": None,
}
GIVEN_UP = {"RolloutAborted": None, "RolloutDegraded": None}


@pytest.mark.parametrize(("code", "field"), PROBLEMS.items())
def test_a_problem_is_told_with_its_evidence_and_what_to_do(make, code, field):
    problem = make.problem(code, "ConfigMap 'flags' is not in this release", evidence=("proof",))
    cause = only(make, code, problem=problem, phase=ReplicaPhase.PENDING)
    assert cause.message.startswith("ConfigMap 'flags' is not in this release.")
    assert (cause.evidence, cause.field) == (("proof",), field)


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_that_names_its_field_keeps_it(make, code):
    assert only(make, code, problem=make.problem(code, field="volumes")).field == "volumes"


@pytest.mark.parametrize(("code", "field"), (REFUSALS | GIVEN_UP).items())
def test_a_workload_that_gets_no_replicas_is_told_why(make, code, field):
    problem = make.problem(code, "the cluster said no.", evidence=("proof",))
    (cause,) = causes(make.snapshot(make.workload(problem=problem)), make.NOW)
    assert cause.message.startswith("the cluster said no. ")
    assert (cause.code, cause.replica, cause.evidence, cause.field) == (code, None, ("proof",), field)


@pytest.mark.parametrize("code", REFUSALS | GIVEN_UP)
def test_a_complete_workload_is_refused_nothing(make, code):
    done = make.workload(make.replica(ready=True), complete=True, problem=make.problem(code))
    assert causes(make.snapshot(done), make.NOW) == ()


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_told_before_what_the_replicas_that_there_are_suffer(make, code):
    ill = make.workload(make.replica(exits=(make.exit(127),)), problem=make.problem(code))
    assert [one.code for one in causes(make.snapshot(ill), make.NOW)] == [code, "CommandNotFound"]


@pytest.mark.parametrize("code", GIVEN_UP)
def test_what_a_controller_gave_up_is_told_by_what_its_replicas_suffer(make, code):
    ill = make.workload(make.replica(exits=(make.exit(127),)), problem=make.problem(code))
    assert [one.code for one in causes(make.snapshot(ill), make.NOW)] == ["CommandNotFound"]


def test_a_replica_without_a_problem_is_only_pending(make):
    assert told(make, phase=ReplicaPhase.PENDING, started_at=None) == ()


def test_command_not_found(make):
    cause = only(make, "CommandNotFound", exits=(make.exit(127, lines=recorded("sh_missing")),))
    assert cause.evidence == ("sh: 1: frobnicate: not found",)
    assert cause.field == "command"
    assert cause.message.startswith("api ended with 127: the command 'frobnicate' was not found.")


def test_a_command_that_nothing_wrote_of_is_looked_for_by_what_was_started(make):
    cause = only(make, "CommandNotFound", exits=(make.exit(127, lines=("starting",), program="sh"),))
    assert "'sh' was started and did not find a command" in cause.message
    assert "nothing names it" in only(make, "CommandNotFound", exits=(make.exit(127),)).message


@pytest.mark.parametrize("code", [125, 128, 1])
def test_codes_beside_127_are_no_missing_command(make, code):
    assert told(make, exits=(make.exit(code),))[0].code == "ExitNonZero"


def test_not_executable(make):
    cause = only(make, "NotExecutable", exits=(make.exit(126, lines=recorded("sh_notexec")),))
    assert "Permission denied" in cause.evidence[0]


@pytest.mark.parametrize(
    ("recording", "code", "words"),
    [
        ("gunicorn_missing_module", 3, "No module named 'nope_module'"),
        ("gunicorn_wrong_name", 3, "No module named 'nonesuch'"),
        ("gunicorn_no_attr", 4, "Failed to find attribute 'nope' in 'app'"),
        ("gunicorn_syntax", 3, "SyntaxError: invalid syntax"),
        ("python_main_syntax", 1, "SyntaxError: invalid syntax"),
        ("python_m_missing", 1, "No module named nonesuch"),
    ],
)
def test_python_import_error(make, recording, code, words):
    cause = only(make, "PythonImportError", exits=(make.exit(code, lines=recorded(recording)),))
    assert words in cause.message
    assert not any("[INFO]" in line for line in cause.evidence)
    assert any(words.partition(": ")[2] in line or words in line for line in cause.evidence)


def test_an_import_error_that_the_application_survived_is_nothing(make):
    running = recorded("gunicorn_missing_module")
    assert told(make, phase=ReplicaPhase.RUNNING, last_lines=running) == ()
    assert told(make, ready=True, was_ready=True, exits=(make.exit(3, lines=running),)) == ()


@pytest.mark.parametrize(("recording", "code"), [("gunicorn_boom", 3), ("python_boom", 1)])
def test_python_error(make, recording, code):
    cause = only(make, "PythonError", exits=(make.exit(code, lines=recorded(recording)),))
    assert "RuntimeError: REMINDERS_KEY is not set" in cause.message
    assert "KeyError: 'REMINDERS_KEY'" in cause.evidence
    assert cause.evidence[0] == "Traceback (most recent call last):"


def test_a_log_about_errors_is_no_python_error(make):
    lines = ("ERROR: no such setting", *recorded("python_no_file"))
    assert told(make, exits=(make.exit(2, lines=lines),))[0].code == "ExitNonZero"


@pytest.mark.parametrize("recording", ["gunicorn_port", "python_port"])
def test_port_conflict_from_the_log(make, recording):
    cause = only(make, "PortConflict", exits=(make.exit(1, lines=recorded(recording)),))
    assert 1 <= len(cause.evidence) <= 3


def test_a_port_that_came_free_in_time_is_no_conflict(make):
    lines = recorded("gunicorn_port")[:3]
    restarted = make.exit(1, at=make.NOW - 60, lines=lines)
    assert told(make, exits=(restarted,), phase=ReplicaPhase.RUNNING) == ()


@pytest.mark.parametrize("by", [KilledBy.MEMORY_LIMIT, KilledBy.WATCHDOG])
def test_out_of_memory(make, by):
    killed = make.exit(signal=9, killed_by=by, memory_limit=128 << 20, memory_peak=(131 << 20) + (1 << 19))
    cause = only(make, "OutOfMemory", exits=(killed,))
    assert "128 MiB" in cause.message
    assert "131.5 MiB" in cause.message
    assert str(by) in cause.message
    assert cause.field == "resources.limits.memory"


def test_out_of_memory_whose_figures_are_unknown(make):
    cause = only(make, "OutOfMemory", exits=(make.exit(signal=9, killed_by=KilledBy.WATCHDOG),))
    assert "None" not in cause.message


def test_a_kill_below_the_limit_is_no_lack_of_memory(make):
    killed = make.exit(signal=9, killed_by=KilledBy.OUTSIDE, memory_limit=128 << 20, memory_peak=1 << 20)
    cause = only(make, "KilledFromOutside", exits=(killed,))
    assert "SIGKILL" in cause.message
    # A program can send itself a signal: who sent it the engine cannot see.
    assert "not by itself" not in cause.message


@pytest.mark.parametrize("recording", ["python_threads", "python_fork", "python_subprocess"])
def test_too_many_processes_by_its_own_limit(make, recording):
    ended = make.exit(1, lines=recorded(recording), process_limit=6, forks_refused=1)
    cause = only(make, "TooManyProcesses", exits=(ended, ended))
    assert "its limit of 6" in cause.message
    assert cause.evidence


@pytest.mark.parametrize("recording", ["python_threads", "python_fork", "python_subprocess"])
@pytest.mark.parametrize("refused", [0, None])
def test_too_many_processes_by_a_limit_of_the_machine(make, recording, refused):
    ended = make.exit(1, lines=recorded(recording), process_limit=1024, forks_refused=refused)
    cause = only(make, "TooManyProcesses", exits=(ended, ended))
    assert "a limit of this machine" in cause.message


def test_too_many_processes_counted_by_the_watchdog_are_no_lack_of_memory(make):
    killed = make.exit(signal=9, killed_by=KilledBy.PROCESS_WATCHDOG, process_limit=1024)
    cause = only(make, "TooManyProcesses", exits=(killed,))
    assert "more processes than its limit of 1024" in cause.message


def test_a_socket_that_would_block_is_no_lack_of_processes(make):
    lines = ('  File "/srv/app/serve.py", line 9, in <module>', "    door.recv(1)")
    lines += ("BlockingIOError: [Errno 11] Resource temporarily unavailable",)
    ended = make.exit(1, lines=("Traceback (most recent call last):", *lines), forks_refused=0)
    only(make, "PythonError", exits=(ended, ended))


def test_refused_forks_that_the_program_outlived_explain_no_other_end(make):
    ended = make.exit(1, lines=recorded("python_boom"), process_limit=6, forks_refused=4)
    only(make, "PythonError", exits=(ended, ended))


@pytest.mark.parametrize("number", [1, 2, 3, 9, 15])
def test_killed_from_outside(make, number):
    only(make, "KilledFromOutside", exits=(make.exit(signal=number),))


@pytest.mark.parametrize("number", [6, 11])
def test_a_crash_in_native_code_is_its_own(make, number):
    cause = only(make, "ExitNonZero", exits=(make.exit(signal=number, killed_by=KilledBy.OUTSIDE),))
    assert "crashed with SIG" in cause.message


def test_migration_failed(make):
    ended = make.exit(1, container="migrate", init=True, lines=recorded("python_boom"))
    cause = only(make, "MigrationFailed", exits=(ended,))
    assert cause.evidence[-1] == "RuntimeError: REMINDERS_KEY is not set"
    assert cause.field == "migrations"


@pytest.mark.parametrize(
    "line",
    [
        "tomorrows.migrate: the database cannot be reached or refused the connection (X); gave up",
        "tomorrows.migrate: DATABASE_URL has the scheme 'mysql'; use postgresql:// or sqlite:///",
        "tomorrows.migrate: (SQLITE_CANTOPEN); the file cannot be opened: its folder does not exist",
        '(psycopg.OperationalError) connection failed: connection to server at "10.0.0.9", port 5432 failed',
        "(sqlite3.OperationalError) unable to open database file",
        "psycopg.OperationalError: failed to resolve host 'nowhere': [Errno -2] Name or service not known",
    ],
)
def test_a_migration_that_cannot_reach_its_database_blames_the_url(make, line):
    ended = make.exit(1, container="migrate", init=True, lines=("starting", line))
    cause = only(make, "MigrationFailed", exits=(ended,))
    assert cause.field == "env.DATABASE_URL"
    assert "cannot be reached" in cause.message


@pytest.mark.parametrize(
    "line", ["(sqlite3.OperationalError) no such table: reminders", "tomorrows.migrate: the database is busy"]
)
def test_a_database_that_answers_is_not_blamed(make, line):
    ended = make.exit(1, container="migrate", init=True, lines=(line,))
    assert only(make, "MigrationFailed", exits=(ended,)).field == "migrations"


def test_a_container_named_migrate_that_is_no_init_container_is_no_migration(make):
    assert told(make, exits=(make.exit(1, container="migrate"),))[0].code == "ExitNonZero"


def test_a_migration_whose_program_is_missing_is_told_so(make):
    assert told(make, exits=(make.exit(127, container="migrate", init=True),))[0].code == "CommandNotFound"


def test_init_container_failed(make):
    cause = only(
        make, "InitContainerFailed", exits=(make.exit(1, container="seed", init=True, lines=("no",)),)
    )
    assert "seed" in cause.message
    assert cause.evidence == ("no",)


def test_an_init_container_that_succeeded_at_last_is_no_cause(make):
    tries = (make.exit(1, container="seed", init=True), make.exit(0, container="seed", init=True))
    assert told(make, exits=tries, ready=True, was_ready=True) == ()


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


def test_exit_non_zero(make):
    cause = only(make, "ExitNonZero", exits=(make.exit(3, lines=("a", "", "b")),) * 2)
    assert "2 times so far" in cause.message
    assert cause.evidence == ("a", "b")


def test_exit_non_zero_without_a_word(make):
    assert "wrote nothing" in only(make, "ExitNonZero", exits=(make.exit(1),)).message


def test_only_the_last_lines_are_evidence(make):
    ended = make.exit(1, lines=[f"line {n}" for n in range(50)])
    assert only(make, "ExitNonZero", exits=(ended,)).evidence == tuple(f"line {n}" for n in range(40, 50))


def test_process_ended(make):
    only(make, "ProcessEnded", exits=(make.exit(0),) * 2)


def test_a_process_that_the_engine_ended_is_no_cause(make):
    assert told(make, exits=(make.exit(0, killed_by=KilledBy.ENGINE),) * 2) == ()


def test_exit_unknown(make):
    only(make, "ExitUnknown", exits=(make.exit(),))


@pytest.mark.parametrize("container", ["migrate", "seed"])
def test_an_initialization_whose_end_nobody_saw_is_not_said_to_have_failed(make, container):
    unseen = make.exit(container=container, init=True, lines=("adding a column",))
    cause = only(make, "ExitUnknown", exits=(unseen,))
    assert container in cause.message
    assert cause.evidence == ("adding a column",)
    assert cause.field is None


def test_an_initialization_of_a_job_whose_end_nobody_saw_is_told_as_well(make):
    unseen = make.exit(container="seed", init=True)
    found = causes(job(make, unseen, phase=Phase.PROGRESSING), make.NOW)
    assert [one.code for one in found] == ["ExitUnknown"]


def test_an_initialization_that_was_killed_has_failed(make):
    killed = make.exit(signal=9, container="migrate", init=True, killed_by=KilledBy.OUTSIDE)
    only(make, "MigrationFailed", exits=(killed,))


def test_an_initialization_that_was_repeated_with_success_is_no_cause(make):
    unseen = make.exit(at=make.NOW - 5, container="migrate", init=True)
    assert told(make, exits=(unseen,), started_at=make.NOW - 4) == ()


def job(make, *exits, phase=Phase.DEGRADED, **more):
    return make.snapshot(make.workload(make.replica(exits=exits, **more), kind="Job", phase=phase))


def test_job_failed(make):
    ended = make.exit(1, container="seed", lines=recorded("python_boom"))
    (cause,) = causes(job(make, ended), make.NOW)
    assert cause.code == "JobFailed"
    assert "exit 1" in cause.message
    assert cause.evidence[-1].startswith("RuntimeError")


def test_a_job_that_tries_again_is_no_cause(make):
    assert causes(job(make, make.exit(1), phase=Phase.PROGRESSING), make.NOW) == ()


def test_a_job_whose_attempt_is_gone_has_the_words_that_the_engine_kept(make):
    kept = make.problem(
        "JobFailed", "The Job load failed: it ran out of time (x: 3)", evidence=("row 7 of 9",)
    )
    gone = make.workload(kind="Job", phase=Phase.DEGRADED, problem=kept)
    (cause,) = causes(make.snapshot(gone), make.NOW)
    assert (cause.code, cause.evidence, cause.replica) == ("JobFailed", ("row 7 of 9",), None)
    assert cause.message == ("The Job load failed: it ran out of time (x: 3). Correct what its output names.")


def test_a_job_that_the_engine_ended_tells_what_it_kept_and_how_an_earlier_attempt_ended(make):
    kept = make.problem("JobFailed", "The Job load failed: it ran out of time (x: 3)", evidence=("later",))
    ended = make.replica(exits=(make.exit(4, lines=("first",)),))
    (cause,) = causes(
        make.snapshot(make.workload(ended, kind="Job", phase=Phase.DEGRADED, problem=kept)), make.NOW
    )
    assert "it ran out of time (x: 3); its last attempt: exit 4" in cause.message
    assert cause.evidence == ("first",)


def test_a_job_out_of_time(make):
    (cause,) = causes(job(make), make.NOW)
    assert "ran out of time" in cause.message


@pytest.mark.parametrize(("seconds", "codes"), [(600, []), (601, ["ProgressDeadlineExceeded"])])
def test_progress_deadline_exceeded(make, seconds, codes):
    late = make.workload(
        make.replica(last_lines=("loading ...",)), progressed_at=make.NOW - seconds, desired=2
    )
    found = causes(make.snapshot(late), make.NOW)
    assert [cause.code for cause in found] == codes
    if found:
        assert "of 2 replicas 0 are available" in found[0].message
        assert found[0].evidence == ("loading ...",)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("adding a column", "migrations"),
        ("the database cannot be reached or refused the connection (X)", "env.DATABASE_URL"),
    ],
)
def test_at_the_deadline_the_init_container_that_still_runs_is_named_with_its_lines(make, said, field):
    late = make.workload(
        make.replica(last_lines=("loading ...",)),
        make.replica(name="api-2", last_lines=(said,), initializing="migrate"),
        progressed_at=make.NOW - 601,
        desired=2,
    )
    (cause,) = causes(make.snapshot(late), make.NOW)
    assert cause.code == "ProgressDeadlineExceeded"
    assert "The initContainer migrate still runs" in cause.message
    assert (cause.replica, cause.evidence) == ("api-2", (said,))
    assert cause.field == field


def test_a_complete_workload_has_no_cause_however_old(make):
    done = make.workload(make.replica(ready=True), complete=True, progressed_at=0.0)
    assert causes(make.snapshot(done), make.NOW) == ()


def test_every_code_had_its_case():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [code for code in sorted(CODES) if f'"{code}"' not in source] == []
