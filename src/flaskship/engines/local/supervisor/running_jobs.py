"""The Jobs of one environment, moved step by step; why one failed outlives what ran for it."""

from dataclasses import replace

from flaskship.engines.local import jobs
from flaskship.engines.local.jobs import JobOutcome, JobRecord
from flaskship.engines.local.spec import Job
from flaskship.engines.local.supervisor.replica import Replica
from flaskship.engines.local.supervisor.runtime import Runtime


def job_record(runtime: Runtime, job: Job, template: str) -> JobRecord:
    """Return how far a Job of this template has come."""
    record = runtime.world.state.job(runtime.name, job.name)
    if record is not None and record.template == template:
        return record
    return JobRecord(runtime.name, job.name, template, runtime.world.now())


def step_job(runtime: Runtime, job: Job, template: str) -> float | None:
    """Start, count and end what the Job asks for; return when to look again by itself."""
    record = known = job_record(runtime, job, template)
    active: list[Replica] = []
    ended: list[Replica] = []
    mine = [r for r in runtime.replicas.values() if r.record.workload == job.name]
    for replica in mine:
        if replica.record.template != template and not replica.terminating:
            runtime.retire(replica, "its Job was replaced")
        elif replica.outcome is None and not replica.terminating:
            active.append(replica)
        elif replica.outcome is not None and not replica.counted:
            replica.counted = True
            success = replica.outcome.code == 0
            record = jobs.counted(record, success=success, at=replica.outcome.at)
            ended.append(replica)
    restarts = sum(replica.restarts for replica in active)
    step = jobs.next_step(job, record, len(active), restarts, runtime.world.now())
    if step.record.outcome is JobOutcome.FAILED is not known.outcome:
        # What ran is about to be removed, and its log with it.
        step = replace(step, record=replace(step.record, last_lines=_last_words(mine, template)))
    if step.record != known or runtime.world.state.job(runtime.name, job.name) is None:
        runtime.world.state.save_job(step.record)
        if step.record.outcome is not known.outcome:
            runtime.event(job.name, "JobEnded", f"{step.record.outcome}{_because(step.record)}")
            runtime.changed()
    for replica in ended:
        # Counted durably: a later supervisor must not run it again.
        runtime.world.state.remove_replica(replica.uid)
    if step.end:
        for replica in active:
            runtime.retire(replica, "its Job has ended")
    for _ in range(step.start):
        runtime.create(job, template)
    return step.due


def _last_words(mine: list[Replica], template: str) -> tuple[str, ...]:
    """What the newest of the attempts wrote last."""
    newest = sorted((r for r in mine if r.record.template == template), key=lambda r: r.record.created_at)
    return next((words for one in reversed(newest) if (words := one.last_words())), ())


def _because(record: JobRecord) -> str:
    return f": {record.why}" if record.why else ""
