"""What a rule looks at: one replica of the newest template, at one instant."""

from flaskship.model.frozen import dataclass
from flaskship.model.snapshot import (
    Exit,
    KilledBy,
    ProbeFailure,
    Problem,
    ReplicaSnapshot,
    WorkloadSnapshot,
)
from flaskship.model.verdict import Cause
from flaskship.rollout.progress import deadline_passed


@dataclass(frozen=True, slots=True)
class Subject:
    """One replica with its workload; rules ask it and make their cause from it."""

    workload: WorkloadSnapshot
    replica: ReplicaSnapshot
    now: float

    @property
    def is_job(self) -> bool:
        """Tell whether the workload is to run to an end."""
        return self.workload.kind == "Job"

    @property
    def failed_exits(self) -> tuple[Exit, ...]:
        """Return the exits that count as failures; a process that serves fails even by ending with 0."""
        return tuple(exit for exit in self.replica.exits if is_failure(exit, serves=not self.is_job))

    @property
    def last_exit(self) -> Exit | None:
        """Return the last failed exit of a replica that is not ready, be it running again or not."""
        failed = self.failed_exits
        return failed[-1] if failed and not self.replica.ready else None

    @property
    def exit(self) -> Exit | None:
        """Return the failed exit that keeps this replica from being ready; none that it outlived."""
        last, started = self.last_exit, self.replica.started_at
        outlived = last is not None and started is not None and started > last.at
        return None if outlived and len(self.failed_exits) == 1 else last

    @property
    def own_exit(self) -> Exit | None:
        """Return that exit if it is the application's own: not an initContainer's, not a Job's."""
        exit = self.exit
        return None if exit is None or exit.init or self.is_job else exit

    @property
    def overdue(self) -> bool:
        """Tell whether the rollout stood still beyond its progress deadline."""
        return is_overdue(self.workload, self.now)

    def problem(self, code: str) -> Problem | None:
        """Return the replica's problem if it is this one."""
        problem = self.replica.problem
        return problem if problem is not None and problem.code == code else None

    def probe(self, kind: str) -> ProbeFailure | None:
        """Return the failures of this probe."""
        return next((one for one in self.replica.probes if one.probe == kind), None)

    def failing_now(self, kind: str) -> ProbeFailure | None:
        """Return the failures of this probe, if they are of the run that goes on."""
        probe, started = self.probe(kind), self.replica.started_at
        if probe is None or probe.consecutive == 0 or (started is not None and probe.at < started):
            return None
        return probe

    def cause(
        self, code: str, message: str, evidence: tuple[str, ...] = (), field: str | None = None
    ) -> Cause:
        """Return a cause that names this replica."""
        return Cause(
            code=code,
            message=message,
            application=self.workload.application,
            replica=self.replica.name,
            evidence=evidence,
            field=field,
        )

    def from_problem(self, code: str, advice: str, field: str | None = None) -> Cause | None:
        """Return the cause that a problem with this code makes, with the advice after its sentence."""
        problem = self.problem(code)
        if problem is None:
            return None
        message = f"{problem.message.rstrip('. ')}. {advice}"
        return self.cause(code, message, problem.evidence, problem.field or field)


def is_failure(exit: Exit, serves: bool) -> bool:
    """Tell whether an exit counts as one: what the engine asked for does not, what is unknown does."""
    if exit.killed_by is KilledBy.ENGINE:
        return False
    return exit.code != 0 or exit.killed_by is not None or (serves and not exit.init)


def is_overdue(workload: WorkloadSnapshot, now: float) -> bool:
    """Tell whether a workload's progress deadline passed; Jobs and paused rollouts have none."""
    if workload.kind == "Job" or workload.paused:
        return False
    return deadline_passed(workload.progressed_at, workload.progress_deadline, now, workload.complete)
