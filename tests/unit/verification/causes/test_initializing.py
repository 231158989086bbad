"""Migrations, other initContainers and Jobs: what must be named of their ends, and what must not.

The recordings are what gunicorn, Python and the shell really wrote.
"""

import pytest
from tests.unit.verification.causes.reading import only, recorded, told

from flaskship.model.snapshot import KilledBy, Phase
from flaskship.verification.judge import causes


def test_migration_failed(make):
    ended = make.exit(1, container="migrate", init=True, lines=recorded("python_boom"))
    cause = only(make, "MigrationFailed", exits=(ended,))
    assert cause.evidence[-1] == "RuntimeError: REMINDERS_KEY is not set"
    assert (cause.field, cause.container) == ("migrations", "migrate")


@pytest.mark.parametrize(
    ("code", "line", "told_as"),
    [
        (1, "SyntaxError: invalid syntax", "PythonImportError"),
        (1, "ModuleNotFoundError: No module named 'x'", "PythonImportError"),
        (1, "/usr/bin/python: No module named tomorrows.migrate", "PythonImportError"),
        (127, "sh: x: not found", "CommandNotFound"),
        (126, "sh: x: Permission denied", "NotExecutable"),
        (1, "RuntimeError: can't start new thread", "TooManyProcesses"),
    ],
)
@pytest.mark.parametrize("init", [True, False])
def test_an_end_of_an_init_container_is_told_apart_from_that_of_the_application(
    make, code, line, told_as, init
):
    lines = ("Traceback (most recent call last):", '  File "/app/x.py", line 1', line)
    lines = lines if "Error: " in line else (line,)
    name = "migrate" if init else "api"
    cause = only(make, told_as, exits=(make.exit(code, container=name, init=init, lines=lines),))
    assert cause.container == ("migrate" if init else None)


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
