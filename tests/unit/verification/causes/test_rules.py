"""Each rule on a failure that it must name, and on near misses that it must not.

The recordings are what gunicorn, Python and the shell really wrote.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.verification.causes.reading import CODES, only, recorded, told

from flaskship.model.snapshot import KilledBy, MemoryKills, ReplicaPhase
from flaskship.verification.judge import causes, judge

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


@pytest.mark.parametrize("recording", ["gunicorn_syntax", "python_main_syntax"])
def test_a_file_that_python_cannot_read_is_named_with_its_line(make, recording):
    cause = only(make, "PythonImportError", exits=(make.exit(1, lines=recorded(recording)),))
    assert cause.message.startswith("Python cannot read broken.py, line 1: SyntaxError: invalid syntax")


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


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (recorded("gunicorn_port"), " on 127.0.0.1:38651"),
        (recorded("python_port"), ""),
        (("error while attempting to bind on address ('::', 80): address already in use",), " on [::]:80"),
        (("nginx: bind() to 0.0.0.0:8080 failed (98: Address already in use)",), " on 0.0.0.0:8080"),
        (("listen tcp [::1]:90: bind: address already in use",), " on [::1]:90"),
        (("Error: listen EADDRINUSE: address already in use :::3000",), " on [::]:3000"),
        (("[2026-11-23 13:25:20 +0000] [1] [ERROR] Address already in use",), ""),
    ],
)
def test_a_port_conflict_names_the_address_that_the_log_names(make, lines, where):
    cause = only(make, "PortConflict", exits=(make.exit(1, lines=lines),))
    assert cause.message.startswith(f"The application could not listen{where}: ")


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


@pytest.mark.parametrize("more", [{}, {"phase": ReplicaPhase.RUNNING}, {"was_ready": True}])
def test_the_first_kill_for_memory_is_enough_also_while_it_runs_again(make, more):
    killed = make.exit(signal=9, killed_by=KilledBy.MEMORY_LIMIT)
    verdict = judge(make.one(exits=(killed,), created_at=make.NOW, started_at=make.NOW, **more), make.NOW)
    assert [one.code for one in verdict.causes] == ["OutOfMemory"]


def test_a_kill_that_nobody_attests_and_one_of_a_job_wait_for_more(make):
    outside = make.exit(signal=9, killed_by=KilledBy.OUTSIDE)
    assert judge(make.one(exits=(outside,), created_at=make.NOW), make.NOW) is None
    killed = make.exit(signal=9, killed_by=KilledBy.MEMORY_LIMIT)
    job = make.one(exits=(killed,), created_at=make.NOW)
    job = replace(job, workloads=tuple(replace(one, kind="Job") for one in job.workloads))
    assert judge(job, make.NOW) is None


def test_out_of_memory_whose_figures_are_unknown(make):
    cause = only(make, "OutOfMemory", exits=(make.exit(signal=9, killed_by=KilledBy.WATCHDOG),))
    assert "None" not in cause.message


def test_out_of_memory_tells_the_highest_peak_of_its_starts(make):
    high = make.exit(signal=9, killed_by=KilledBy.WATCHDOG, memory_limit=30 << 20, memory_peak=90 << 20)
    low = make.exit(signal=9, killed_by=KilledBy.WATCHDOG, memory_limit=30 << 20, memory_peak=31 << 20)
    cause = only(make, "OutOfMemory", exits=(high, low))
    assert "memory limit of 30 MiB (peak 90 MiB) and was killed by the memory watchdog" in cause.message


def test_a_child_that_the_limit_took_is_out_of_memory_whatever_code_the_container_ended_with(make):
    ended = make.exit(1, lines=("worker died",), oom_kills=2, memory_limit=30 << 20, memory_peak=30 << 20)
    cause = only(make, "OutOfMemory", exits=(ended,))
    assert "its memory limit of 30 MiB (peak 30 MiB): 2 processes of it were killed" in cause.message
    assert "exit 1" in cause.message
    assert cause.field == "resources.limits.memory"


def test_a_child_lost_long_before_is_not_why_one_that_was_ready_ended(make):
    ended = make.exit(1, lines=("boom",), oom_kills=1, after_ready=True)
    assert told(make, exits=(ended,))[0].code == "ExitNonZero"


def test_one_that_loses_its_workers_to_the_limit_and_is_never_ready_is_out_of_memory(make):
    lost = MemoryKills("api", 3, 30 << 20, 30 << 20)
    refused = make.probe("readiness", answer="connection refused")
    cause = only(make, "OutOfMemory", phase=ReplicaPhase.RUNNING, probes=(refused,), memory_kills=lost)
    assert "its memory limit of 30 MiB (peak 30 MiB): 3 processes of it were killed" in cause.message
    assert cause.evidence == (
        "api: 3 killed at the memory limit",
        "GET http://127.1.0.1:5000/ready",
        "connection refused",
    )


def test_a_worker_lost_to_the_limit_is_no_cause_before_the_probe_says_so(make):
    lost = MemoryKills("api", 1, 30 << 20, 30 << 20)
    refused = make.probe("readiness", 2)
    assert told(make, phase=ReplicaPhase.RUNNING, probes=(refused,), memory_kills=lost) == ()


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
    assert (cause.field, cause.container) == (field, "migrate")


def test_a_complete_workload_has_no_cause_however_old(make):
    done = make.workload(make.replica(ready=True), complete=True, progressed_at=0.0)
    assert causes(make.snapshot(done), make.NOW) == ()


def test_every_code_had_its_case():
    source = "".join(one.read_text(encoding="utf-8") for one in Path(__file__).parent.glob("test_*.py"))
    assert [code for code in sorted(CODES) if f'"{code}"' not in source] == []
