from dataclasses import replace

import pytest

from flaskship.engines.local.jobs import JobOutcome, JobRecord, counted, next_step
from flaskship.engines.local.spec import Container, Job, PodTemplate

TEMPLATE = PodTemplate("hash", (Container("main", "demo:1.0"),), restart_policy="Never")
NEW = JobRecord("dev", "load", "hash", started_at=100.0)


def job(**fields: object) -> Job:
    return Job("load", "load", TEMPLATE, **fields)  # type: ignore[arg-type]


def test_a_new_job_starts_one_replica():
    step = next_step(job(), NEW, active=0, restarts=0, now=100.0)
    assert (step.start, step.end, step.record) == (1, False, NEW)


def test_a_running_job_waits():
    assert next_step(job(), NEW, active=1, restarts=0, now=101.0).start == 0


def test_its_success_is_its_end_and_it_never_runs_again():
    done = next_step(job(), counted(NEW, success=True, at=103.0), active=0, restarts=0, now=103.0)
    assert done.record.outcome is JobOutcome.SUCCEEDED
    assert next_step(job(), done.record, active=0, restarts=0, now=1e9).start == 0


@pytest.mark.parametrize(("failures", "wait"), [(1, 10), (2, 20), (3, 40), (6, 320)])
def test_retries_wait_ten_seconds_and_twice_as_long_each_time(failures, wait):
    record = NEW
    for _ in range(failures):
        record = counted(record, success=False, at=200.0)
    waiting = next_step(job(), record, active=0, restarts=0, now=200.0)
    assert (waiting.start, waiting.due) == (0, 200.0 + wait)
    assert next_step(job(), record, active=0, restarts=0, now=200.0 + wait).start == 1


def test_one_failure_more_than_the_backoff_limit_is_its_end():
    record = counted(counted(NEW, success=False, at=1.0), success=False, at=2.0)
    assert next_step(job(backoff_limit=2), record, 0, 0, now=1e6).record.outcome is None
    record = counted(record, success=False, at=3.0)
    over = next_step(job(backoff_limit=2), record, 0, 0, now=1e6).record
    assert (over.outcome, over.why) == (JobOutcome.FAILED, "it used up its retries (backoffLimit: 2)")


@pytest.mark.parametrize(
    ("limit", "restarts", "over"), [(0, 0, False), (0, 1, True), (1, 1, True), (3, 2, False), (3, 3, True)]
)
def test_restarts_in_place_that_reach_the_limit_are_its_end(limit, restarts, over):
    again = replace(job(backoff_limit=limit), template=replace(TEMPLATE, restart_policy="OnFailure"))
    step = next_step(again, NEW, active=1, restarts=restarts, now=101.0)
    assert (step.record.outcome is JobOutcome.FAILED, step.end) == (over, over)


def test_restarts_of_a_sidecar_count_only_where_containers_restart_in_place():
    assert next_step(job(backoff_limit=0), NEW, active=1, restarts=5, now=101.0).record.outcome is None


def test_restarts_and_failed_replicas_are_not_added_up():
    again = replace(job(backoff_limit=3), template=replace(TEMPLATE, restart_policy="OnFailure"))
    record = counted(NEW, success=False, at=1.0)
    assert next_step(again, record, active=1, restarts=2, now=1e6).record.outcome is None


def test_the_deadline_ends_what_runs():
    limited = job(active_deadline=30)
    assert next_step(limited, NEW, active=0, restarts=0, now=100.0).due == 130.0
    assert next_step(limited, NEW, active=1, restarts=0, now=129.9).record.outcome is None
    late = next_step(limited, NEW, active=1, restarts=0, now=130.0)
    assert (late.record.outcome, late.end) == (JobOutcome.FAILED, True)
    assert late.record.why == "it ran out of time (activeDeadlineSeconds: 30)"


def test_parallel_replicas_fill_up_to_the_completions():
    many = job(completions=5, parallelism=3)
    assert next_step(many, NEW, active=0, restarts=0, now=100.0).start == 3
    record = NEW
    for _ in range(4):
        record = counted(record, success=True, at=101.0)
    assert next_step(many, record, active=0, restarts=0, now=101.0).start == 1
